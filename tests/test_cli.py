"""The command line: what it prints, and how it refuses."""

import json
import re
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.main import get_command
from typer.testing import CliRunner, Result

from app.cli import cli
from app.engines import rules_folder
from app.main import build_app
from app.security.keys import find_key
from app.settings import Settings

pytestmark = pytest.mark.usefixtures("compiled_once")
CANDIDATE = Path(__file__).parent / "cases" / "candidate.json"


def run(*arguments: str, given: str | None = None, **environment: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(cli, arguments, input=given, env=environment)


def test_decide_prints_what_the_service_answers() -> None:
    with TestClient(build_app(Settings())) as client:
        for view in ("full", "decision"):
            answer = client.post(f"/v1/triage?view={view}", json=json.loads(CANDIDATE.read_text("utf-8"))).json()
            assert json.loads(run("decide", str(CANDIDATE), "--view", view).stdout) == answer


def test_decide_reads_standard_input() -> None:
    answer = json.loads(run("decide", "-", "--strict", "--ruleset", "2026.1", given="{}").stdout)
    assert answer["decision"]["disposition"] == "needs_information"
    assert answer["ruleset"]["id"] == "2026.1"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{", "not JSON"),
        ('{"pregnent": true}', "/pregnent: release 2026.3 has no such fact; GET /v1/rulesets/2026.3/facts"),
        ('{"age_years": 200}', "/age_years"),
        ("[]", "write one JSON object"),
    ],
)
def test_decide_says_what_is_wrong(given: str, says: str) -> None:
    refused = run("decide", "-", given=given)
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert says in refused.stderr


def test_order_refuses_assumed_values_that_a_rule_divides_before_it_searches(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    facts = folder / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("assumed: {min: 22}", "assumed: {min: 21}"), "utf-8")
    refused = run("order", "--rules", str(folder))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "age_years: `age_years in 18..21` of REVIEW-AGE-18-21 is true for a part of the assumed" in refused.stderr
    assert (folder / "variable_order.yaml").read_bytes() == (rules_folder() / "variable_order.yaml").read_bytes()


def test_decide_names_the_releases_and_the_file() -> None:
    unknown = run("decide", str(CANDIDATE), "--ruleset", "2020.1")
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        "`2020.1` is no release; the releases are 2026.1, 2026.2, 2026.3\n",
    )
    absent = run("decide", "absent.json")
    assert (absent.exit_code, absent.stderr) == (1, "absent.json: no such file or directory\n")


@pytest.mark.parametrize(
    ("command", "option", "right"),
    [
        (("decide", str(CANDIDATE)), "--view", "`full`, `decision`"),
        (("explain", str(CANDIDATE)), "--target", "`referred`, `excluded`"),
        (("screen", "a.csv"), "--unknowns", "`confirm`, `strict`"),
        (("screen", "a.csv"), "--report", "`.html`, `.htm`"),
        (("sql",), "--dialect", "`duckdb`, `postgres`"),
        (("key", "a"), "--scope", "triage, rulesets"),
    ],
)
def test_an_option_of_few_words_names_them(command: tuple[str, ...], option: str, right: str) -> None:
    refused = run(*command, option, "nowhere", COLUMNS="400")
    assert refused.exit_code == 2
    assert option in refused.stderr
    assert right in refused.stderr


def test_a_port_that_is_none_is_refused_as_in_a_setting() -> None:
    refused = run("serve", "--port", "web")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "`TRIAGE_PORT`: `web` is not accepted; write a whole number from 1 to 65535\n",
    )


def test_check_accepts_the_shipped_rule_book_and_names_the_fault_of_another(tmp_path: Path) -> None:
    assert run("check").exit_code == 0
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    phases = folder / "phases.yaml"
    phases.write_text(phases.read_text("utf-8").replace("- sagging >= advanced", "- saging >= advanced"), "utf-8")
    refused = run("check", "--rules", str(folder))
    assert refused.exit_code == 1
    assert "phases.yaml:50: PHASE-3: `saging` is not a fact of this release; did you mean `sagging`?" in refused.stderr
    assert refused.stderr.endswith("the rule book is refused\n")


def test_a_signature_stands_in_every_answer_and_falls_with_the_first_changed_word(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    how = ("sign", "2026.3", "--reviewer", "Dr. Example, dermatologist", "--date", "2026-11-23")
    signed = run(*how, TRIAGE_RULES=str(folder))
    assert signed.exit_code == 0, signed.stderr
    other = ("sign", "2026.3", "--reviewer", "Dr. Other", "--date", "2026-11-23", "--rules", str(folder))
    refused = run(*other, TRIAGE_RULES=str(rules_folder()))
    says = "2026.3 is signed by Dr. Example, dermatologist on 2026-11-23; write `--replace` to take its place\n"
    assert (refused.exit_code, refused.stderr) == (1, says)
    answer = json.loads(run("decide", str(CANDIDATE), TRIAGE_RULES=str(folder)).stdout)
    assert answer["ruleset"]["reviewed"]["reviewer"] == "Dr. Example, dermatologist"
    assert answer["ruleset"]["reviewed"]["signature"].startswith("sha256:")
    assert not any("signed" in notice for notice in answer["notices"])
    unsigned = json.loads(run("decide", str(CANDIDATE)).stdout)
    assert unsigned["ruleset"]["reviewed"] is None
    assert unsigned["ruleset"]["digest"] == answer["ruleset"]["digest"]
    signatures = folder / "signatures.yaml"
    text = signatures.read_text("utf-8")
    signatures.write_text(text.replace("Dr. Example", "Dr. Other"), "utf-8")
    assert "does not belong to what stands beside it" in run("check", "--rules", str(folder)).stderr
    signatures.write_text(text, "utf-8")
    facts = folder / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("Do you smoke?", "Do you smoke now?"), "utf-8")
    assert "was signed with another text" in run("check", "--rules", str(folder)).stderr
    assert "was signed with another text" not in run(*other, "--replace").stderr  # only that the release was changed
    assert run("digest", TRIAGE_RULES=str(folder)).stdout != run("digest").stdout
    facts.write_text(facts.read_text("utf-8").replace("Do you smoke now?", "Do you smoke?"), "utf-8")
    replaced = run(*other, "--replace")
    assert replaced.stdout.endswith("\nthe signature of Dr. Example, dermatologist on 2026-11-23 is gone\n")
    assert run("sign", "2020.1", "--reviewer", "x", "--date", "2026-11-23").exit_code == 1


def test_verify_proves_each_release() -> None:
    text = run("verify").stdout
    assert "2026.1: proved" in text
    assert "2026.2: proved" in text
    assert "2026.3: proved" in text
    assert "BROKEN" not in text
    (report,) = json.loads(run("verify", "2026.2", "--json").stdout)
    assert report["proved"] is True
    assert sum(int(row["candidates"]) for row in report["decisions"]) == int(report["candidates"])


def test_diff_of_a_release_with_itself_is_empty() -> None:
    found = json.loads(run("diff", "2026.3", "current", "--json").stdout)
    assert (found["changed"], found["differences"]) == ("0", [])


def test_a_bad_setting_stops_every_command_with_its_name() -> None:
    refused = run("check", TRIAGE_PROT="1")
    assert (refused.exit_code, refused.stderr) == (1, "`TRIAGE_PROT` is no setting; did you mean `TRIAGE_PORT`?\n")
    refused = run("serve", TRIAGE_PORT="http")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("`TRIAGE_PORT`: ")
    refused = run("serve", TRIAGE_RULESET="2020.1")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "`TRIAGE_RULESET`: no such release; the releases are 2026.1, 2026.2, 2026.3\n",
    )


def test_openapi_prints_the_committed_document() -> None:
    committed = Path(__file__).resolve().parent.parent / "openapi.json"
    assert run("openapi").stdout == committed.read_text("utf-8")


def test_serve_refuses_to_let_others_in_while_nobody_is_asked_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr("app.serve.run", lambda _, settings: served.append(settings.host))
    monkeypatch.setattr("app.serve.check_ports", lambda _: None)
    monkeypatch.setattr("app.serve.build_app", lambda *_, **__: FastAPI())
    refused = run("serve", "--host", "0.0.0.0")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("`TRIAGE_HOST`: others could reach 0.0.0.0")
    assert served == []
    key = run("key", "clinic-a").stdout.splitlines()[-1].partition("=")[2].strip("'")
    for host, settings in (
        ("127.0.0.1", {}),
        ("0.0.0.0", {"TRIAGE_ALLOW_ANONYMOUS": "true"}),
        ("::", {"TRIAGE_API_KEYS": key}),
    ):
        assert run("serve", "--host", host, **settings).exit_code == 0
        assert served.pop() == host
    several = run("serve", "--workers", "2", TRIAGE_METRICS="path")
    assert (several.exit_code, served) == (1, [])
    assert several.stderr.startswith("`TRIAGE_METRICS`: several processes")


def test_key_makes_a_key_that_opens_what_it_says_and_is_shown_once() -> None:
    printed = run("key", "clinic-a", "--scope", "triage", "--scope", "cds").stdout
    key = printed.splitlines()[0].rpartition(" ")[2]
    settings = json.loads(printed.splitlines()[-1].partition("=")[2].strip("'"))
    (entry,) = Settings(api_keys=settings).api_keys
    assert (entry.name, entry.scopes) == ("clinic-a", frozenset({"triage", "cds"}))
    assert find_key([entry], key) is entry
    assert printed.count(key) == 1
    for wrong in (("key", "Clinic A"), ("key", "a", "--scope", "all")):
        assert run(*wrong).exit_code == 2


def test_signing_key_makes_a_key_for_receipts() -> None:
    printed = run("signing-key")
    (made,) = Settings(signing_keys=f"[{printed.stdout}]").signing_keys  # type: ignore[arg-type]
    assert made.d is not None
    assert json.loads(run("signing-key").stdout)["kid"] != made.kid
    assert made.d not in printed.stderr


ABOUT_RULES: dict[str, tuple[str, ...]] = {
    "decide": (str(CANDIDATE),),
    "explain": (str(CANDIDATE),),
    "screen": ("absent.csv",),
    "verify": (),
    "diff": ("2026.2", "2026.3"),
    "check": (),
    "safety": (),
    "order": (),
    "digest": (),
    "sign": ("2026.3", "--reviewer", "Dr. A. Kim, dermatologist", "--date", "2026-11-26"),
    "serve": (),
    "schemas": (),
    "sql": (),
    "cql": (),
    "openapi": (),
}


def test_every_command_takes_a_rule_book_or_needs_none(tmp_path: Path) -> None:
    """Each reads the folder that it is given: here one in which every file is missing."""
    others = {"key", "signing-key"}
    assert ABOUT_RULES.keys() | others == set(get_command(cli).commands)  # type: ignore[attr-defined]
    for name, arguments in ABOUT_RULES.items():
        refused = run(name, *arguments, "--rules", str(tmp_path), TRIAGE_RULES=str(rules_folder()))
        assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "alternatives.yaml"), name


def test_a_folder_of_rules_that_is_missing_is_named() -> None:
    refused = run("check", "--rules", "nowhere", COLUMNS="400")
    assert refused.exit_code == 2
    assert "`nowhere` is no folder" in refused.stderr


def test_a_comparison_has_decisions_and_texts() -> None:
    printed = run("diff", "2026.2", "2026.3").stdout
    assert "candidates get another decision" in printed
    assert "  added caution CAUTION-HEART-DISEASE\n    + when: heart_disease = true\n" in printed
    assert "  changed precondition PRE-" in printed
    tables = run("diff", "2026.2", "2026.3", "--tables").stdout
    assert re.search(r"^\| `PRE-LEGAL-STATUS` \| met \| [\d.]+% \| [\d.]+% \|$", tables, re.M)


@pytest.mark.parametrize(
    ("arguments", "environment", "root"),
    [
        ((), {}, ""),
        (
            ("--base", "https://a.example/triage"),
            {"TRIAGE_PUBLIC_URL": "https://b.example"},
            "https://a.example/triage",
        ),
    ],
)
def test_the_safety_case_links_to_the_service_that_is_named(
    arguments: tuple[str, ...], environment: dict[str, str], root: str
) -> None:
    printed = run("safety", *arguments, **environment).stdout
    links = set(re.findall(r'href="([^"#?][^"]*)"', printed))
    assert len(links) > 100
    assert all(link.startswith(f"{root}/") for link in links)
    assert "127.0.0.1" not in printed
