// Whoever goes back to the start page finds the answers again: they stand after the #.
const { hash } = location; // before the skip link changes it

for (const link of document.querySelectorAll("main [data-main], .ct-language")) {
  link.addEventListener("click", () => {
    link.hash = hash;
  });
}
