// Makes intake and report smoother where JavaScript is there: the next step is fetched and put in place, the answers stand in
// the address after the #, where no server sees them. Without it every step is a plain form.
import { place, post } from "./steps.js";

const FRAGMENT = "#answers=";

function encode(answers) {
  return FRAGMENT + encodeURIComponent(JSON.stringify(answers));
}

function decode(hash) {
  if (!hash.startsWith(FRAGMENT)) {
    return null;
  }
  try {
    const found = JSON.parse(decodeURIComponent(hash.slice(FRAGMENT.length)));
    return Array.isArray(found) ? found.filter((pair) => Array.isArray(pair) && pair.length === 2) : null;
  } catch {
    return null;
  }
}

function show(page, focus) {
  const main = document.querySelector("main");
  place(main, page, focus);
  document.title = page.title;
  ready(main);
  if (focus) {
    window.scrollTo(0, 0);
  }
}

async function send(action, fields, remember = true) {
  show(await post(action, fields), true);
  const form = document.querySelector("form[data-answers]");
  if (remember && form) {
    const answers = JSON.parse(form.dataset.answers);
    const { pathname, search } = new URL(action);
    history.pushState(null, "", pathname + search + (answers.length ? encode(answers) : ""));
  }
}

function ready(main) {
  const form = main.querySelector("form.intake");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form.action, [...new FormData(form, event.submitter)]);
  });
  const print = main.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const share = main.querySelector("[data-share]");
  if (share && form) {
    share.hidden = false;
    share.addEventListener("click", async () => {
      const link = form.action.replace(/intake(\?.*)?$/, "report") + location.search + encode(JSON.parse(form.dataset.answers));
      await navigator.clipboard?.writeText(link).catch(() => {});
      const status = main.querySelector("[data-shared]");
      status.textContent = status.dataset.shared;
    });
  }
}

function restore() {
  const answers = decode(location.hash);
  const form = document.querySelector("form.intake");
  if (form) {
    send(location.pathname + location.search, answers ?? [], false);
  }
}

ready(document.querySelector("main"));
window.addEventListener("popstate", restore);
if (decode(location.hash)) {
  restore();
}
