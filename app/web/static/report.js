// Copies the report as text, and opens what a link after the # names.
import { copy } from "./steps.js";

const main = document.querySelector("main");

function ready() {
  for (const button of main.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    const text = () => document.getElementById(button.dataset.copy).textContent;
    button.addEventListener("click", () => copy(text(), main.querySelector("[data-shared]")));
  }
}

document.addEventListener("placed", ready);
ready();
