// Makes intake, result and report smoother where JavaScript is there. The next page is fetched and put in place; the answers stand
// in the address after the #, where no server sees them, so that Back, reload, a change of language and a link find them. Without
// it every page is a plain form.
import { copy, place, post, say } from "./steps.js";

const FRAGMENT = "#answers=";
const CODE = "#code=";
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

// Keep what is chosen on this page where Back and reload find it.
function keep() {
  if (form()?.querySelector("[name=asked]")) {
    history.replaceState(null, "", here() + encode(shown()));
  }
}

let latest = 0;

// Show what follows; of a button that is pressed twice, once.
async function send(action, fields, remember) {
  const turn = ++latest;
  const { offline, failed } = form()?.dataset ?? {};
  let page;
  try {
    page = await post(action, fields);
  } catch {
    page = null;
  }
  if (turn !== latest) {
    return;
  }
  if (!page?.querySelector("main form.intake")) {
    say(main, page ? failed : offline);
    return;
  }
  place(main, page, remember);
  document.dispatchEvent(new CustomEvent("placed"));
  document.title = page.title;
  const language = document.querySelector("header .ct-language");
  const other = page.querySelector("header .ct-language");
  if (language && other) {
    language.parentElement.replaceChildren(...other.parentElement.childNodes);
  }
  if (remember) {
    history.pushState(null, "", here() + encode(JSON.parse(form().dataset.answers)));
    window.scrollTo(0, 0);
  }
  ready();
}

function submit(event) {
  event.preventDefault();
  const { submitter, target } = event;
  const action = new URL(submitter?.hasAttribute("formaction") ? submitter.formAction : target.action);
  const fields = [...new FormData(target, submitter)];
  if (action.pathname + action.search === here()) {
    keep();
    send(action, fields, true);
  } else {
    keep();
    location.assign(action.pathname + action.search + encode(fields));
  }
}

function ready() {
  const print = main.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const share = main.querySelector("[data-share]");
  if (share) {
    share.hidden = false;
    share.addEventListener("click", () => copy(share.dataset.share || location.href, main.querySelector("[data-shared]")));
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
  if (event.ctrlKey || event.altKey || event.metaKey || typing || !form()) {
    return;
  }
  if (/^[0-9]$/.test(event.key) && event.target.closest("[data-focus], fieldset")) {
    const all = [...main.querySelectorAll("input[type=radio], input[type=checkbox]")];
    const options = all.filter((one) => one.closest("details:not([open])") === null);
    const option = options[event.key === "0" ? 9 : Number(event.key) - 1];
    option?.focus();
    option?.click();
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
  restore();
}
