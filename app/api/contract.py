"""The OpenAPI document: named schemas, errors as they are sent, tags.

Generators of clients make a class of each name. FastAPI names what is a class in Python; what it
leaves inline, or titles by its place, gets a name here.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args

from app.api.headers import declare_headers, show_headers
from app.api.problems import FieldError, Problem, ProblemKind
from app.api.receipts import Stored
from app.api.schemas import NULL, Schema, in_pascal, ref, schemas_of
from app.core import rules
from app.core.rules import Release

SPOKEN = ("/fhir", "/cds-services", "/problems")
"""Below which paths an answer has a language, whether or not FastAPI knows the header."""
TAGS = {
    "triage": "Facts to a decision, one candidate or many, and why.",
    "rule sets": "The releases of the rules: facts, rules, sources, the proof report, what changes between two.",
    "receipts": "Whether a stored answer is one that this service gave.",
    "operation": "Whether the service is alive, ready, and which version it is; what problems mean.",
    "fhir": "The same decision by FHIR R4: the questionnaire, `$next-question` and `$apply`.",
    "cds hooks": "The same decision inside a health record, by CDS Hooks.",
}
NAMES = {
    frozenset(get_args(values)): name
    for name, values in {
        "Pathway": rules.Pathway,
        "Disposition": rules.Disposition,
        "Effect": rules.Effect,
        "Urgency": rules.Urgency,
        "SourceStatus": rules.Status,
        "Fits": rules.Fits,
    }.items()
}
"""Enumerations that several records share."""
RESOURCE = {
    "type": "object",
    "description": "A FHIR R4 resource; what it holds is said by HL7, not here.",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
    "additionalProperties": True,
}


def finish(document: dict[str, Any], release: Release) -> None:
    """Make a document of FastAPI one that clients can be made from."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for answered in schemas.values():
        if "properties" in answered:
            # Pydantic leaves out what has a default; answers are written whole
            answered["required"] = list(answered["properties"])
    for model in (Problem, ProblemKind, FieldError, Stored):
        found = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found.pop("$defs", None)
        schemas[model.__name__] = found
    schemas |= schemas_of(release) | {"FhirResource": RESOURCE}
    languages = next(each for each in document["paths"]["/v1/rulesets"]["get"]["parameters"] if each["in"] == "header")
    namer = Namer(schemas)
    for name in list(schemas):
        namer.visit(schemas[name], name)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith(SPOKEN) and not any(
                each["name"] == languages["name"] for each in operation.get("parameters", ())
            ):
                operation.setdefault("parameters", []).append(deepcopy(languages))
            if (answer := operation["responses"]["200"])["description"] == "Successful Response":
                answer["description"] = operation["summary"] + "."
            declare_headers(path, method, operation)
            operation["responses"] = dict(sorted(operation["responses"].items()))
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _given(parameter["schema"])
                namer.visit(parameter["schema"], in_pascal(parameter["name"]), top=True)
            called = in_pascal(operation["operationId"])
            for content, suffix in _contents(operation):
                namer.visit(content["schema"], f"{called}{suffix}", top=True)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    show_headers(document)
    document["tags"] = [{"name": name, "description": says} for name, says in TAGS.items()]


def _given(schema: Schema) -> Schema:
    """Return the schema of a given parameter, which is never null."""
    options = [option for option in schema.get("anyOf", ()) if option != NULL]
    if len(options) != 1:
        return schema
    given: Schema = options[0]
    return given | {key: value for key, value in schema.items() if key not in ("anyOf", "title")}


def _contents(operation: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    body = operation.get("requestBody", {}).get("content", {})
    yield from ((content, "Body") for content in body.values())
    for status, response in operation["responses"].items():
        if status < "300":
            yield from ((content, "Answer") for content in response.get("content", {}).values() if "schema" in content)


class Namer:
    """Moves enumerations and objects that stand inline to schemas with a name."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas

    def visit(self, schema: Schema, name: str, *, top: bool = False) -> None:
        """Name what stands inside a schema, and one on `top`."""
        schema.pop("title", None)
        options = schema.get("anyOf", [])
        words = [option for option in options if "enum" in option]
        if len(words) > 1:
            merged = {"type": "string", "enum": [word for option in words for word in option["enum"]]}
            schema["anyOf"] = options = [merged, *(option for option in options if "enum" not in option)]
        if len(options) == 1:
            schema |= schema.pop("anyOf")[0]
            options = []
        for option in options:
            self._inside(option, name)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                self._inside(schema[key], name)
        for key, value in schema.get("properties", {}).items():
            self._inside(value, f"{name}{in_pascal(key)}")
            value.pop("default", None)  # generators take it for a promise that the member is there
        if top and ("enum" in schema or "properties" in schema):
            self._move(schema, name)

    def _inside(self, schema: Schema, name: str) -> None:
        self.visit(schema, name)
        if "enum" in schema or schema.get("type") == "object":
            self._move(schema, name)

    def _move(self, schema: Schema, name: str) -> None:
        kept = {key: schema.pop(key) for key in ("default", "description") if key in schema}
        moved = dict(schema)
        if "enum" in moved:
            name = NAMES.get(frozenset(moved["enum"]), name)
        known = self._schemas.setdefault(name, moved)
        if {**known, "description": ""} != {**moved, "description": ""}:
            raise ValueError(f"two schemas are called {name}: {json.dumps(known)}, {json.dumps(moved)}")
        schema.clear()
        schema |= ref(name) | kept
