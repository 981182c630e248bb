// Renders the questionnaire with LHC-Forms (NLM) in jsdom, fills it in, and prints what it exports.
// In: one JSON object {questionnaire, responses}; out: {shown, exported} for each response, one a line.
import { readFileSync } from "node:fs";
import { JSDOM, VirtualConsole } from "jsdom";

const root = new URL("./node_modules/lforms/dist/", import.meta.url);
const { questionnaire, responses } = JSON.parse(readFileSync(0, "utf8"));
const quiet = new VirtualConsole();
const dom = new JSDOM('<!doctype html><html><body><div id="form"></div></body></html>', {
  runScripts: "dangerously",
  pretendToBeVisual: true,
  url: "http://127.0.0.1/",
  virtualConsole: quiet,
});
const { window } = dom;
window.matchMedia = () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} });
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
for (const script of ["lforms/webcomponent/assets/lib/zone.min.js", "lforms/webcomponent/lhc-forms.js", "fhir/R4/lformsFHIR.js"]) {
  window.eval(readFileSync(new URL(script, root), "utf8"));
}
console.warn = () => {};
for (const response of responses) {
  const form = window.LForms.Util.convertFHIRQuestionnaireToLForms(questionnaire, "R4");
  const merged = window.LForms.Util.mergeFHIRDataIntoLForms("QuestionnaireResponse", response, form, "R4");
  await window.LForms.Util.addFormToPage(merged, window.document.getElementById("form"), { fhirVersion: "R4" });
  await new Promise((done) => setTimeout(done, 500));
  const shown = window.document.querySelectorAll("#form label").length;
  const exported = window.LForms.Util.getFormFHIRData("QuestionnaireResponse", "R4", window.document.getElementById("form"));
  console.log(JSON.stringify({ shown, exported }));
}
process.exit(0);
