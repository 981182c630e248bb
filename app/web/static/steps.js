// One step of the intake: post a form, and read the page that comes back.
const MOST_WAIT = 30_000;

export function parse(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

// What a service answers; `null` where nothing comes, or not in time.
export async function ask(address, fields) {
  try {
    const body = fields && new URLSearchParams(fields);
    const signal = AbortSignal.timeout?.(MOST_WAIT);
    const answer = await fetch(address, { method: body ? "POST" : "GET", body, signal, credentials: "omit" });
    return { ok: answer.ok, disposition: answer.headers.get("content-disposition"), text: await answer.text() };
  } catch {
    return null;
  }
}

// The page that follows; or why none does, as the data of a form name it.
export async function step(address, fields) {
  const answer = await ask(address, fields);
  const page = answer && parse(answer.text);
  return page?.querySelector("main form.intake") ? { page } : { fault: page ? "failed" : "offline" };
}

// Say at the top of what a holder shows why nothing else happens there, with a button that tries `again`.
export function say(holder, text, label, again) {
  holder.querySelector("[data-said]")?.remove();
  const said = Object.assign(document.createElement("div"), { className: "nhsuk-inset-text", role: "alert", tabIndex: -1 });
  said.dataset.said = "";
  said.append(Object.assign(document.createElement("p"), { textContent: text }));
  if (again) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "nhsuk-button nhsuk-button--secondary" });
    button.textContent = label;
    button.addEventListener("click", again);
    said.append(button);
  }
  holder.prepend(said);
  said.focus();
}

// Copy a text, and say whether that was done: without HTTPS a browser has no clipboard.
export async function copy(text, status) {
  let done = "notCopied";
  try {
    await navigator.clipboard.writeText(text);
    done = "shared";
  } catch {}
  status.textContent = status.dataset[done];
}

// Put the main part of a page in place of what a holder shows, and move the focus to where a reader goes on.
export function place(holder, page, focus) {
  holder.replaceChildren(...page.querySelector("main").childNodes);
  for (const link of holder.querySelectorAll("a[href^='#']")) {
    // The address after the # holds the answers, or belongs to the clinic's page.
    link.addEventListener("click", (event) => {
      event.preventDefault();
      holder.querySelector(link.getAttribute("href"))?.focus();
    });
  }
  if (focus) {
    const wrong = holder.querySelector("[role=alert]") && holder.querySelector("input:not([type=hidden])");
    // other care that comes first stands above the question or the outcome: there a screen reader begins
    (wrong || holder.querySelector("[data-first]") || holder.querySelector("[data-focus]"))?.focus();
  }
}
