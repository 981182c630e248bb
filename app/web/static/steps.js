// One step of the intake: post a form, and read the page that comes back.

export function parse(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

export async function post(action, fields) {
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams(fields), credentials: "omit" });
  return parse(await answer.text());
}

// Say at the top of what a holder shows why nothing else happens there.
export function say(holder, text) {
  holder.querySelector("[data-said]")?.remove();
  const said = Object.assign(document.createElement("div"), { className: "nhsuk-inset-text", role: "alert", tabIndex: -1 });
  said.dataset.said = "";
  said.append(Object.assign(document.createElement("p"), { textContent: text }));
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
    (wrong || holder.querySelector("[data-focus]"))?.focus();
  }
}
