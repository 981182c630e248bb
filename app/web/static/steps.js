// One step of the intake: post a form, and read the page that comes back.

export function parse(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

export async function post(action, fields) {
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams(fields), credentials: "omit" });
  return parse(await answer.text());
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
