// What the components of NHS.UK frontend do where JavaScript is there: error summary, checkboxes, skip link, tabs.
import { initAll } from "./js/nhsuk-frontend-10.4.2.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
document.addEventListener("placed", () => initAll({ scope: document.querySelector("main") }));
