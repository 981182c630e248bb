// The intake in a clinic's own page:
//   <script type="module" src="https://triage.clinic.example/static/embed.js"></script>
//   <candidate-triage lang="en"></candidate-triage>
// At the end the element sends the event `triage-decision`. Its `detail` holds the result (decision, id, ruleset) and the answers
// as the API takes them (answers by fact, and the facts that are unavailable: "not sure"). Where a page does not come, it says so
// with a button that tries again, and sends `triage-error`: `reason` in its `detail` is "offline" (the service cannot be reached
// from this page) or "failed" (it answered with no page of the intake).
// The service has to allow the page: TRIAGE_CORS_ORIGINS.
import { place, say, step } from "./steps.js";

const base = new URL("..", import.meta.url).href.replace(/\/$/, "");
// Before a first page has come there are no other words.
const WORDS = {
  en: { offline: "These questions cannot be loaded. You may be offline.", failed: "These questions cannot be loaded.", again: "Try again" },
  ko: { offline: "질문을 불러오지 못했습니다. 인터넷 연결을 확인하십시오.", failed: "질문을 불러오지 못했습니다.", again: "다시 시도" },
};

class CandidateTriage extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) {
      return;
    }
    const root = this.attachShadow({ mode: "open" });
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${base}/static/style.css` });
    this.holder = document.createElement("div");
    root.append(style, this.holder);
    const language = this.getAttribute("lang") ?? "";
    const named = language || this.closest("[lang]")?.lang || navigator.language;
    const words = WORDS[named.slice(0, 2).toLowerCase()] ?? WORDS.en;
    this.begin = () => this.go(`${base}/intake?lang=${encodeURIComponent(language)}`, undefined, words);
    this.begin();
  }

  // Show the page that follows, or `words` on why none does.
  async go(address, fields, words) {
    const { page, fault } = await step(address, fields);
    if (page) {
      this.show(page, Boolean(fields));
      return;
    }
    say(this.holder, words[fault], words.again, () => this.go(address, fields, words));
    this.send("triage-error", { reason: fault });
  }

  send(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  show(page, focus) {
    place(this.holder, page, focus);
    // keys are the clinic's, and before the first question lies its own page
    this.holder.querySelectorAll(".ct-keys, a.nhsuk-back-link").forEach((each) => each.remove());
    for (const link of this.holder.querySelectorAll("a[href^='/']")) {
      link.href = new URL(link.getAttribute("href"), base).href;
      link.target = "_blank";
      link.rel = "noopener";
    }
    this.holder.querySelector("[data-restart]")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.begin();
    });
    const form = this.holder.querySelector("form.intake");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const action = new URL(event.submitter?.getAttribute("formaction") ?? form.getAttribute("action"), base);
      if (action.pathname.endsWith("/report")) {
        // written for another reader: it opens beside the clinic's page, with the answers where no server sees them
        open(`${action}#answers=${encodeURIComponent(form.dataset.answers)}`, "_blank", "noopener");
        return;
      }
      this.go(action, [...new FormData(form, event.submitter)], form.dataset);
    });
    const decided = this.holder.querySelector("[data-decision]");
    if (decided) {
      this.send("triage-decision", JSON.parse(decided.dataset.decision));
    }
  }
}

customElements.define("candidate-triage", CandidateTriage);
