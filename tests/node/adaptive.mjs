// Answers the adaptive questionnaire with LHC-Forms (NLM), question by question, until the service says that it is done.
// The address comes as the argument; in: one JSON object {start, answers}; out: {asked, response}.
import { readFileSync } from "node:fs";
import { JSDOM, VirtualConsole } from "jsdom";

const base = process.argv[2];
const root = new URL("./node_modules/lforms/dist/", import.meta.url);
const { start, answers } = JSON.parse(readFileSync(0, "utf8"));
const dom = new JSDOM('<!doctype html><html><body><div id="form"></div></body></html>', {
  runScripts: "dangerously",
  pretendToBeVisual: true,
  url: "http://127.0.0.1/",
  virtualConsole: new VirtualConsole(),
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
const asked = [];
let response = start;
while (response.status !== "completed") {
  const sent = await fetch(`${base}/fhir/Questionnaire/$next-question`, {
    method: "POST",
    headers: { "content-type": "application/fhir+json" },
    body: JSON.stringify(response),
  });
  if (sent.status !== 200) {
    throw new Error(await sent.text());
  }
  response = await sent.json();
  if (response.status === "completed") {
    break;
  }
  const [questionnaire] = response.contained;
  const name = questionnaire.item.at(-1).linkId;
  asked.push(name);
  const given = { ...response, item: [...(response.item ?? []), { linkId: name, answer: [answers[name]] }] };
  const form = window.LForms.Util.convertFHIRQuestionnaireToLForms(questionnaire, "R4");
  const merged = window.LForms.Util.mergeFHIRDataIntoLForms("QuestionnaireResponse", given, form, "R4");
  await window.LForms.Util.addFormToPage(merged, window.document.getElementById("form"), { fhirVersion: "R4" });
  await new Promise((done) => setTimeout(done, 50));
  const exported = window.LForms.Util.getFormFHIRData("QuestionnaireResponse", "R4", window.document.getElementById("form"));
  response = { ...response, item: exported.item };
}
console.log(JSON.stringify({ asked, response }));
process.exit(0);
