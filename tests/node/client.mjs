// Uses the FHIR endpoints through fhir-kit-client, as an integrator would. The address comes as the argument.
import { Client } from "fhir-kit-client";

const base = process.argv[2];
const client = new Client({ baseUrl: `${base}/fhir` });
const capability = await client.capabilityStatement();
const questionnaire = await client.read({ resourceType: "Questionnaire", id: "candidate-intake" });
const plan = await client.read({ resourceType: "PlanDefinition", id: "candidate-triage" });
const answer = (name, value) => ({ linkId: name, answer: [{ valueBoolean: value }] });
const carePlan = await client.operation({
  resourceType: "PlanDefinition",
  id: "candidate-triage",
  name: "apply",
  input: {
    resourceType: "Parameters",
    parameter: [
      { name: "subject", valueString: "Patient/1" },
      {
        name: "questionnaireResponse",
        resource: {
          resourceType: "QuestionnaireResponse",
          status: "completed",
          authored: "2026-11-20",
          questionnaire: questionnaire.url,
          item: [answer("active_skin_infection", true)],
        },
      },
    ],
  },
});
let refused = "";
try {
  await client.read({ resourceType: "Questionnaire", id: "another" });
} catch (error) {
  refused = error.response?.data?.resourceType ?? String(error);
}
console.log(
  JSON.stringify({
    fhirVersion: capability.fhirVersion,
    questions: questionnaire.item.length,
    plan: plan.id,
    decision: carePlan.contained[0].reasonCode[0].coding[0].code,
    refused,
  }),
);
