// Uses the FHIR endpoints through the npm package `fhirclient` (SMART Health IT). The address comes as the argument.
import { createRequire } from "node:module";

const Client = createRequire(import.meta.url)("fhirclient/lib/Client.js").default;
const base = process.argv[2];
const client = new Client({}, { serverUrl: `${base}/fhir` });
const version = await client.getFhirVersion();
const found = await client.request(`Questionnaire?url=${encodeURIComponent(`${base}/fhir/Questionnaire/candidate-intake`)}`);
const questionnaire = found.entry[0].resource;
const populated = await client.request({
  url: "Questionnaire/candidate-intake/$populate",
  method: "POST",
  headers: { "content-type": "application/fhir+json" },
  body: JSON.stringify({
    resourceType: "Parameters",
    parameter: [
      { name: "subject", valueReference: { reference: "Patient/1" } },
      { name: "data", resource: { resourceType: "Patient", id: "1", birthDate: "1985-04-02" } },
    ],
  }),
});
let refused = "";
try {
  await client.request("Questionnaire/another");
} catch (error) {
  refused = `${error.statusCode ?? error.status}`;
}
console.log(
  JSON.stringify({
    version,
    total: found.total,
    questions: questionnaire.item.length,
    answers: populated.parameter[0].resource.item.map((item) => item.linkId),
    refused,
  }),
);
