// The intake in a clinic's own page:
//   <script type="module" src="https://triage.clinic.example/static/embed.js"></script>
//   <candidate-triage lang="en"></candidate-triage>
// At the end the element sends the event `triage-decision`. Its `detail` holds the result (decision, id, ruleset) and the answers
// as the API takes them (answers by fact, and the facts that are unavailable: "not sure").
// The service has to allow the page: TRIAGE_CORS_ORIGINS.
import { parse, place, post, say } from "./steps.js";

const base = new URL("..", import.meta.url).href.replace(/\/$/, "");

class CandidateTriage extends HTMLElement {
  async connectedCallback() {
    if (this.shadowRoot) {
      return;
    }
    const root = this.attachShadow({ mode: "open" });
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${base}/static/style.css` });
    this.holder = document.createElement("div");
    root.append(style, this.holder);
    const language = this.getAttribute("lang") ?? "";
    const first = await fetch(`${base}/intake?lang=${encodeURIComponent(language)}`, { credentials: "omit" });
    this.show(parse(await first.text()), false);
  }

  show(page, focus) {
    place(this.holder, page, focus);
    for (const link of this.holder.querySelectorAll("a[href^='/']")) {
      link.href = new URL(link.getAttribute("href"), base).href;
      link.target = "_blank";
      link.rel = "noopener";
    }
    const form = this.holder.querySelector("form.intake");
    form?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const action = new URL(event.submitter?.getAttribute("formaction") ?? form.getAttribute("action"), base);
      const page = await post(action, [...new FormData(form, event.submitter)]).catch(() => null);
      if (page?.querySelector("main form.intake")) {
        this.show(page, true);
      } else {
        say(this.holder, page ? form.dataset.failed : form.dataset.offline);
      }
    });
    const decided = this.holder.querySelector("[data-decision]");
    if (decided) {
      const detail = JSON.parse(decided.dataset.decision);
      this.dispatchEvent(new CustomEvent("triage-decision", { detail, bubbles: true, composed: true }));
    }
  }
}

customElements.define("candidate-triage", CandidateTriage);
