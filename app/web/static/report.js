// Copies the report as text, and saves it as a file.
import { ask, copy, say } from "./steps.js";

const main = document.querySelector("main");

function ready() {
  for (const button of main.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    const text = () => document.getElementById(button.dataset.copy).textContent;
    button.addEventListener("click", () => copy(text(), main.querySelector("[data-shared]")));
  }
}

// Save what the service makes of the answers; a form of the browser's would leave the page where that fails.
async function save(event) {
  event.preventDefault();
  const { submitter, target } = event;
  const file = await ask(submitter.formAction, [...new FormData(target)]);
  if (!file?.ok) {
    const { offline, failed, again } = main.querySelector("form.intake").dataset;
    say(main, file ? failed : offline, again, () => submitter.click());
    return;
  }
  if (main.querySelector("[data-said]")) {
    main.querySelector("[data-said]").remove();
    submitter.focus();
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text]));
  link.download = /filename="([^"]+)"/.exec(file.disposition)?.[1] ?? "";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

document.addEventListener("submit", (event) => event.target.matches("[data-download]") && save(event));
document.addEventListener("placed", ready);
ready();
