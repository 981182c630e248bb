"""The schemas for editors agree with the loader, and an editor completes and refuses by them."""

import json
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.engines import rules_folder
from app.rulebook import authoring
from app.rulebook.authoring import Schema, schemas_of
from app.rulebook.book import FILES, read_book
from app.rulebook.files import BrokenRuleBookError, read
from app.rulebook.load import build
from app.schema_command import SETTINGS, schemas
from tests.fhir.validators import run_node
from tests.rulebook.test_broken import BROKEN, FOLDER
from tools.serving import ROOT

BY_THE_LOADER_ALONE = {
    "follows from several files": {
        *("fact_unused", "gap_unnamed", "intake_fact_twice", "intake_stages"),
        *("notice_of_engine_missing", "order_budget", "order_incomplete", "order_missing", "phase_number_twice"),
        *("plan_missing", "population_incomplete", "population_missing", "release_current_withdrawn"),
        *(
            "release_changed",
            "release_withdrawn_untranslated",
            "scale_of_no_finding",
            "source_unused",
        ),
        *("statement_aside_and_used", "statement_of_no_document", "statement_unused", "release_current_unknown"),
        *("intake_answer_unknown", "id_twice", "patient_care_missing", "wording_missing"),
    },
    "is proved": {
        *(
            "example_ask_wrong",
            "example_wrong",
            "example_wrong_from",
            "fact_assumed_objects",
            "law_broken",
        ),
        *("lifted_by_nothing", "precondition_both", "rule_dead", "rule_masked", "rule_redundant", "rules_conflict"),
    },
    "compares parts of one entry": {
        *("condition_written_twice", "examples_missing", "fact_asked_and_assumed", "fact_assumed_answer"),
        *("fact_attainable", "fact_grade_label", "fact_integer_range", "fact_set_member", "fact_twice"),
        *("fact_without_assumption", "label_safety_both", "law_shape", "law_twice", "plan_agreed"),
        *("plan_component_twice", "plan_figure_backwards", "plan_silent_figure", "release_until_before_since"),
        *("scale_grade", "alternative_without_fits", "wording_from_unknown_key"),
    },
}
"""What `triage check` says and an editor cannot; all other faults of `tests/broken` are marked while they are typed."""


def edited(name: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a broken rule book that differ, with their text."""
    for edit in read(FOLDER / f"{name}.yaml").data["edits"]:
        if edit["file"] in FILES and edit["with"] != "(missing)":
            text = (rules_folder() / edit["file"]).read_text("utf-8")
            yield edit["file"], edit["with"] if edit["replace"] == "*" else text.replace(edit["replace"], edit["with"])


def made() -> dict[str, Schema]:
    book = read_book(rules_folder())
    releases, errors = build(book)
    assert errors == []
    return schemas_of(book, releases)


right = cache(made)


def refused(name: str, found: dict[str, Schema]) -> bool:
    """Return whether the schemas, or YAML itself, refuse a broken rule book."""
    edits = list(edited(name))
    if not edits:  # a file is missing, or one too many: there is nothing to mark
        return True
    for file, text in edits:
        with NamedTemporaryFile("w", encoding="utf-8", suffix=".yaml") as written:
            written.write(text)
            written.flush()
            try:
                data = read(Path(written.name)).data
            except BrokenRuleBookError:
                return True
        if not Draft202012Validator(found[file]).is_valid(data):
            return True
    return False


@pytest.mark.parametrize("file", FILES)
def test_what_the_loader_takes_no_schema_refuses(file: str) -> None:
    Draft202012Validator.check_schema(right()[file])
    errors = Draft202012Validator(right()[file]).iter_errors(read(rules_folder() / file).data)
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_a_file_shows_alone_its_schema_refuses(name: str) -> None:
    assert refused(name, right()) == all(name not in names for names in BY_THE_LOADER_ALONE.values())


def loosened(what: str, patch: pytest.MonkeyPatch) -> dict[str, Schema]:
    """Return schemas in which one kind of place holds anything."""
    right_schema, right_put = authoring._schema, authoring._put

    def put(node: Any, used: set[str]) -> Any:
        found = right_put(node, used)
        return {k: v for k, v in found.items() if k != "additionalProperties"} if isinstance(found, dict) else found

    if what == "keys":
        patch.setattr(authoring, "_put", put)
    patch.setattr(authoring, "_schema", lambda found, named: right_schema(found, {**named, what: {}}))
    return made()


@pytest.mark.parametrize(
    "what",
    ["keys", "condition", "known", "example", "source", "fact", "rule", "release", "law", "severity", "likelihood"],
)
def test_a_wrong_schema_that_lets_a_broken_file_pass_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    strict, loose = right(), loosened(what, monkeypatch)  # in this order: what is right is made once
    assert any(refused(name, strict) and not refused(name, loose) for name in BROKEN)


def test_an_editor_completes_and_marks_by_them(tmp_path: Path) -> None:
    schemas(tmp_path)
    places = json.loads((tmp_path / SETTINGS).read_text("utf-8"))["yaml.schemas"]
    file = rules_folder() / "exclusions.yaml"
    text = file.read_text("utf-8")

    def document(number: int, old: str, new: str, *, completes: bool = False) -> dict[str, Any]:
        assert old in text
        before, _, after = text.partition(old)
        typed = before + new
        place = [typed.count("\n"), len(typed) - typed.rfind("\n") - 1] if completes else None
        return {"uri": (tmp_path / str(number) / file.name).as_uri(), "text": typed + after, "at": place}

    when = "when: active_skin_infection = true"
    documents = [
        document(0, when, when),
        document(1, when, "when: active_skin_infection = yes"),
        document(2, when, "when: act", completes=True),
        document(3, "lifted_by: {active_skin_infection: false}", "lifted_by:\n    ac", completes=True),
        document(4, "sources: [S3-20,", "sources:\n    - S3-2", completes=True),
    ]
    settings = {schema: f"**/{Path(path).name}" for schema, path in places.items()}
    found = json.loads(run_node("editor.mjs", given=json.dumps({"settings": settings, "documents": documents})))
    clean, wrong, condition, lifted, sources = found
    assert clean["diagnostics"] == []
    assert [each["line"] for each in wrong["diagnostics"]] == [text[: text.index(when)].count("\n")]
    assert "active_skin_infection = true" in condition["completions"]
    assert "active_skin_infection" in lifted["completions"]
    assert "S3-20" in sources["completions"]


def test_the_hook_before_a_commit_refuses_a_broken_rule_book(tmp_path: Path) -> None:
    (local,) = read(ROOT / ".pre-commit-config.yaml").data["repos"]
    (hook,) = [each for each in local["hooks"] if each["id"] == "rule-book"]
    assert hook["always_run"], "a rule file or a named test that is removed starts no hook by its name"
    assert not {"files", "types", "exclude"} & hook.keys()
    copytree(rules_folder(), tmp_path / "rules")
    facts = tmp_path / "rules" / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("- name: smoker", "- nome: smoker"), "utf-8")
    environment = {**os.environ, "TRIAGE_RULES": str(tmp_path / "rules")}
    run = subprocess.run(hook["entry"].split(), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "facts.yaml" in run.stderr
