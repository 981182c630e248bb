// Saves the answers of a launch, or a drafted order, in the record that they came from, where somebody asks for it.
import { create, kept } from "./smart.js";

const main = document.querySelector("main");

async function save(button, section) {
  const said = section.querySelector("[data-said-of-save]");
  const { launched, saved, other, ended, failed } = section.dataset;
  const session = kept();
  button.disabled = true;
  said.textContent = "";
  // another launch in this tab may be of another patient
  if (!session?.token || session.id !== launched) {
    said.textContent = other;
  } else if (Date.now() > session.until) {
    said.textContent = ended;
  } else {
    try {
      const fields = JSON.parse(main.querySelector("form.intake").dataset.answers);
      const answer = await fetch(button.dataset.save, { method: "POST", body: new URLSearchParams(fields), credentials: "omit" });
      await create(session, await answer.json());
      said.textContent = saved;
      said.focus();
      return;
    } catch {
      said.textContent = failed;
    }
  }
  said.focus();
  button.disabled = false;
}

main.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (button) {
    save(button, button.closest("[data-launched]"));
  }
});
