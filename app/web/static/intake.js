// Makes intake, result and report smoother where JavaScript is there. The next page is fetched and put in place; the answers stand
// in the address after the #, where no server sees them, so that Back, reload, a change of language and a link find them. Without
// it every page is a plain form.
import { ask, copy, place, say, step } from "./steps.js";

const FRAGMENT = "#answers=";
const CODE = "#code=";
const TYPED = "typed:"; // before the name of what is written on the report and not sent yet; no server sees it
const main = document.querySelector("main");
const here = () => location.pathname + location.search;
const encode = (fields) => FRAGMENT + encodeURIComponent(JSON.stringify(fields));

// The fields after the #; null where there are none, undefined where they cannot be read.
function decode(hash) {
  if (hash.length < 2 || document.getElementById(hash.slice(1))) {
    return null;
  }
  if (hash.startsWith(CODE)) {
    return [["code", hash.slice(CODE.length)]];
  }
  try {
    const found = JSON.parse(decodeURIComponent(hash.slice(FRAGMENT.length)));
    const isFields = hash.startsWith(FRAGMENT) && Array.isArray(found) && found.every((pair) => Array.isArray(pair) && pair.length === 2);
    return isFields ? found : undefined;
  } catch {
    return undefined;
  }
}

const form = () => main.querySelector("form.intake");
const shown = () => [...new FormData(form()), ["go", "stay"]];

const answered = () => JSON.parse(form().dataset.answers);
const written = () => [...form().querySelectorAll("select, input[type=text], input:not([type])")];

// Keep what is chosen on this page where Back and reload find it.
function keep() {
  if (!shows) {
    return;
  }
  if (form()?.querySelector("[name=asked]")) {
    history.replaceState(null, "", here() + encode(shown()));
  } else if (form()?.matches("[data-typed]")) {
    // what may be a name is no reference, and stands in no address
    const typed = written().filter((one) => one.value !== (one.defaultValue ?? "") && one.validity.valid);
    history.replaceState(null, "", here() + encode([...answered(), ...typed.map((one) => [TYPED + one.name, one.value])]));
  }
}

// Write what was written on the report before a reload.
function write(typed) {
  for (const [name, value] of typed) {
    const field = written().find((one) => TYPED + one.name === name);
    if (field) {
      field.value = value;
      field.closest("details").open = true;
    }
  }
}

let latest = 0;
let shows = true; // whether what is shown is what the address says

// Show that a press was taken.
const wait = (busy) => (busy ? main.setAttribute("aria-busy", "true") : main.removeAttribute("aria-busy"));

function refuse(fault, again) {
  wait(false);
  const { offline, failed, again: label } = form().dataset;
  main.classList.toggle("ct-elsewhere", !shows);
  main.inert = false;
  say(main, fault === "offline" ? offline : failed, label, again);
}

// Show what follows; of a button that is pressed twice, once.
async function send(action, fields, remember) {
  const turn = ++latest;
  wait(true);
  const typed = fields.filter(([name]) => name.startsWith(TYPED));
  const { page, fault } = await step(action, fields.filter((pair) => !typed.includes(pair)));
  if (turn !== latest) {
    return;
  }
  if (fault) {
    refuse(fault, () => send(action, fields, remember));
    return;
  }
  wait(false);
  place(main, page, remember);
  main.classList.remove("ct-elsewhere");
  main.inert = false;
  shows = true;
  write(typed);
  document.dispatchEvent(new CustomEvent("placed"));
  document.title = page.title;
  const language = document.querySelector("header .ct-language");
  const other = page.querySelector("header .ct-language");
  if (language && other) {
    language.parentElement.replaceChildren(...other.parentElement.childNodes);
  }
  if (remember) {
    history.pushState(null, "", here() + encode(form().querySelector("[name=faults]") ? shown() : answered()));
    window.scrollTo(0, 0);
  }
  ready();
}

// Go to another page of the service, where it can be reached: the browser's own error page would stand there else.
async function leave(path, hash) {
  const turn = ++latest;
  wait(true);
  const answer = await ask(path);
  if (turn !== latest) {
    return;
  }
  if (answer?.ok) {
    wait(false);
    location.assign(path + hash);
  } else {
    refuse(answer ? "failed" : "offline", () => leave(path, hash));
  }
}

function submit(event) {
  event.preventDefault();
  const { submitter, target } = event;
  const action = new URL(submitter?.hasAttribute("formaction") ? submitter.formAction : target.action);
  const path = action.pathname + action.search;
  const fields = [...new FormData(target, submitter)];
  keep();
  if (path !== here()) {
    leave(path, shows ? encode(fields.filter(([, text]) => text)) : location.hash);
  } else if (shows) {
    send(action, fields, true);
  }
}

function ready() {
  const start = main.querySelector("[data-start]");
  start?.addEventListener("click", () => {
    keep();
    start.hash = location.hash;
  });
  const print = main.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const share = main.querySelector("[data-share]");
  if (share) {
    share.hidden = false;
    share.addEventListener("click", () => copy(share.dataset.share || location.origin + here() + encode(answered()), main.querySelector("[data-shared]")));
  }
}

// A box that says "yes" and one that says "not sure" of the same thing do not go together.
function exclude({ target }) {
  if (target.checked && (target.name === "yes" || target.name === "unsure")) {
    const other = target.name === "yes" ? "unsure" : "yes";
    const box = main.querySelector(`input[name=${other}][value="${target.value}"]`);
    if (box) {
      box.checked = false;
    }
  }
  keep();
}

// A number picks an answer while the question or an answer has the focus (WCAG 2.1.4), Enter goes on.
function key(event) {
  const typing = event.target.matches("input[type=text], textarea, select");
  if (event.ctrlKey || event.altKey || event.metaKey || typing || !form() || !shows) {
    return;
  }
  if (/^[0-9]$/.test(event.key) && event.target.closest("[data-focus], fieldset")) {
    const question = event.target.closest("fieldset") ?? main.querySelector("fieldset") ?? main;
    const number = question.querySelector("input[type=text]");
    const options = question.querySelectorAll("input[type=radio], input[type=checkbox]");
    const option = options[event.key === "0" ? 9 : Number(event.key) - 1];
    if (number) {
      number.focus(); // the digit is written there
    } else if (option) {
      option.focus();
      option.click();
    }
  } else if (event.key === "Enter" && !event.target.matches("a, button, summary, input")) {
    event.preventDefault();
    form().requestSubmit(document.querySelector("[data-default]") ?? undefined);
  }
}

async function restore() {
  const fields = decode(location.hash);
  if (fields === undefined) {
    say(main, form()?.dataset.damaged);
  } else if (form()) {
    shows = false;
    main.inert = true; // a choice on what the address does not say would be lost
    await send(here(), fields ?? [], false);
  }
}

document.addEventListener("submit", (event) => event.target.matches("form.intake") && submit(event));
main.addEventListener("change", exclude);
main.addEventListener("input", keep);
document.addEventListener("keydown", key);
window.addEventListener("popstate", restore);
document.querySelector(".nhsuk-skip-link").addEventListener("click", (event) => {
  event.preventDefault(); // the answers stand in the address, after the #
  main.focus();
});
ready();
if (decode(location.hash) !== null) {
  if (decode(location.hash) && form()) {
    // until it comes, a page without these answers is not what the address says
    main.classList.add("ct-elsewhere");
    const moment = Object.assign(document.createElement("p"), { textContent: form().dataset.moment, role: "status" });
    moment.dataset.said = "";
    main.prepend(moment);
  }
  restore();
}
