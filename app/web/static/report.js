// Copies the report as text, and opens what a link after the # names.
const main = document.querySelector("main");

function ready() {
  for (const button of main.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).textContent).catch(() => {});
      const status = main.querySelector("[data-shared]");
      status.textContent = status.dataset.shared;
    });
  }
}

document.addEventListener("placed", ready);
ready();
