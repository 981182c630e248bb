"""Compose, alerts and dashboard, loaded by the programs that read them: Debian's docker-compose, promtool, Prometheus.

Debian has no Grafana. Of a dashboard, what Prometheus is asked is read by Prometheus, in its place.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.deployed import ALERTS, COMPOSE, DASHBOARD, KEYS, ROOT, Files, shipped
from tests.serving import HANGS
from tools.serving import BIN, running, serving

PROGRAMS = BIN.parent / "debian" / "usr" / "bin"
"""`make monitoring` puts them there."""
SCRAPED = "deploy/prometheus/prometheus.yaml"
CHOSEN = {"$__rate_interval": "1m", "$__range": "1h"}
"""What Grafana puts in place of its own variables; for those of the dashboard it puts `.*` where all are chosen."""
LABEL_VALUES = re.compile(r"label_values\((?P<series>.*), *(?P<label>\w+)\)")
REPLACED = re.compile(r"\$\w+")


class RefusedError(Exception):
    """What a program refuses; the text is what it says."""


def run(*command: object, **variables: str) -> str:
    """Return what a program of Debian prints."""
    words = [str(PROGRAMS / str(command[0])), *map(str, command[1:])]
    done = subprocess.run(words, env={"PATH": os.defpath, **variables}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(done.stderr + done.stdout)
    return done.stdout


def written(files: Files, folder: Path) -> Path:
    """Return a folder with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def as_asked(query: str) -> str:
    """Return a query of the dashboard as Grafana sends it."""
    return REPLACED.sub(lambda found: CHOSEN.get(found[0], ".*"), query)


def expressions(dashboard: str) -> list[str]:
    """Return every expression of a dashboard as Grafana sends it."""
    panels = json.loads(dashboard)["panels"]
    return [as_asked(target["expr"]) for panel in panels for target in panel.get("targets", ())]


def choices(dashboard: str) -> list[tuple[str, str]]:
    """Return the series and the label of every choice of a dashboard."""
    variables = json.loads(dashboard)["templating"]["list"]
    found = [LABEL_VALUES.fullmatch(each["query"]["query"]) for each in variables if each["type"] == "query"]
    return [(as_asked(each["series"]), each["label"]) if each else ("", "") for each in found]


def composed(files: Files, folder: Path) -> None:
    """Have docker-compose read its file; without keys it refuses."""
    place = written(files, folder) / COMPOSE
    found = json.loads(run("docker-compose", "-f", place, "config", "--format", "json", TRIAGE_API_KEYS=KEYS))
    assert found["services"].keys() == {"triage", "prometheus", "grafana"}
    for name, service in found["services"].items():
        assert service["read_only"] is True, name
        assert service.get("user", "0").split(":")[0] not in ("0", "root"), f"{name} without a user of its own"
        assert {port["host_ip"] for port in service["ports"]} == {"127.0.0.1"}, name
    with pytest.raises(RefusedError, match="TRIAGE_API_KEYS is missing a value: make one with `triage key NAME`"):
        run("docker-compose", "-f", place, "config")


def configured(files: Files, folder: Path) -> None:
    """Have promtool read what Prometheus reads, alerts too."""
    run("promtool", "check", "config", written(files, folder) / SCRAPED)


def alerted(files: Files, folder: Path) -> None:
    """Have promtool try each alert above and at its edge."""
    place = (written(files, folder) / ALERTS).parent / "test.yaml"
    text = (ROOT / "tests" / "alerts.yaml").read_text("utf-8")
    place.write_text(text, "utf-8")
    tried = {each["alertname"] for test in yaml.safe_load(text)["tests"] for each in test["alert_rule_test"]}
    (group,) = yaml.safe_load(files[ALERTS])["groups"]
    for rule in group["rules"]:
        assert rule["alert"] in tried, f"{rule['alert']} is not tried"
    run("promtool", "test", "rules", place)


def parsed(files: Files, folder: Path) -> None:
    """Have promtool parse every expression of the dashboard."""
    asked = [*expressions(files[DASHBOARD]), *(series for series, _ in choices(files[DASHBOARD]))]
    rules = [{"record": f"asked:{place}", "expr": expression} for place, expression in enumerate(asked)]
    place = folder / "dashboard.yaml"
    place.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    assert f"{len(asked)} rules found" in run("promtool", "check", "rules", place)


FAULTS: dict[Callable[[Files, Path], None], list[tuple[str, str, str, str]]] = {
    composed: [
        (COMPOSE, "read_only:", "readonly:", "Additional property readonly is not allowed"),
        (COMPOSE, "interval: 10s", "interval: ten", "invalid duration"),
        (COMPOSE, "depends_on: [triage]", "depends_on: [triages]", "undefined service"),
        (COMPOSE, "prometheus:/prometheus", "tsdb:/prometheus", "undefined volume tsdb"),
        (COMPOSE, "user: ", "# user: ", "without a user"),
    ],
    configured: [
        (SCRAPED, "scrape_interval", "scrape_every", "field scrape_every not found"),
        (SCRAPED, "- alerts.yaml", "- alert.yaml", "does not point to an existing file"),
        (ALERTS, "    for: 1m", "    for: a while", "not a valid duration"),
        (ALERTS, "expr: sum(rate(", "expr: sum(rat(", "unknown function"),
    ],
    alerted: [
        (ALERTS, "> 0.1", "> 0.5", "TriageSlow"),
        (ALERTS, "> 230e6", ">= 230e6", "TriageMemory"),
        (ALERTS, "500|none", "5..|none", "TriageFails"),
        (ALERTS, '{job="candidate-triage"} == 0', " == 0", "TriageDown"),
        (ALERTS, "TriageDown", "TriageAway", "TriageAway is not tried"),
    ],
    parsed: [
        (DASHBOARD, "sum by (disposition) (", "sum by (disposition (", "unexpected"),
        (DASHBOARD, "histogram_quantile(", "quantile_of(", "unknown function"),
        (DASHBOARD, "[$__rate_interval]", "", "expected type range vector"),
        (
            DASHBOARD,
            '"label_values(triage_build_info{job=~\\"$job\\"}, ',
            '"label_values(triage_build_info{, ',
            "unexp",
        ),
    ],
}


@pytest.mark.long
@pytest.mark.parametrize("check", FAULTS, ids=lambda check: check.__name__)
def test_what_is_shipped_is_loaded(check: Callable[[Files, Path], None], tmp_path: Path) -> None:
    check(shipped(), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("check", "place", "was", "becomes", "says"), [(check, *fault) for check in FAULTS for fault in FAULTS[check]]
)
def test_a_fault_is_noticed(
    check: Callable[[Files, Path], None], place: str, was: str, becomes: str, says: str, tmp_path: Path
) -> None:
    files = shipped()
    assert was in files[place]
    with pytest.raises((RefusedError, AssertionError), match=re.escape(says)):
        check(files | {place: files[place].replace(was, becomes)}, tmp_path)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Ask a Prometheus that reads this service, which has decided and refused."""
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(settings={"metrics": "path"}) as service:
        for body in (b'{"active_skin_infection": true}', b'{"primary_concern": "dullness"}', b"[]"):
            ask = Request(f"{service.address}/v1/triage", body, {"Content-Type": "application/json"})
            assert status_of(ask) in (200, 422)
        configuration = shipped()[SCRAPED].replace("triage:9464", f"127.0.0.1:{service.port}").replace("15s", "1s")
        written({"prometheus.yaml": configuration, "alerts.yaml": shipped()[ALERTS]}, folder)
        options = f"--config.file={folder}/prometheus.yaml --storage.tsdb.path={folder}/data"
        command = f'exec {PROGRAMS}/prometheus {options} --web.listen-address="127.0.0.1:$1"'
        with running(["sh", "-c", command, "sh"], path="/-/ready") as server:

            def asked(path: str, **parameters: str) -> Any:
                with urlopen(f"{server.address}/api/v1/{path}?{urlencode(parameters)}", timeout=HANGS) as answer:
                    return json.load(answer)["data"]

            twice = 'count_over_time(triage_decisions_total{disposition="excluded"}[1m]) > 1'
            wait_until(lambda: asked("query", query=twice)["result"])
            yield asked


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait for what happens within a minute; fail where it does not."""
    give_up = time.monotonic() + HANGS
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.2)


def status_of(request: Request) -> int:
    try:
        with urlopen(request, timeout=HANGS) as answer:
            return int(answer.status)
    except OSError as refused:
        return int(getattr(refused, "code", 0))


def empty(dashboard: str, asked: Callable[..., Any]) -> list[str]:
    """Return what a dashboard asks and Prometheus has nothing of."""
    shown = [each for each in expressions(dashboard) if not asked("query", query=each)["result"]]
    listed = [f"{series}, {label}" for series, label in choices(dashboard) if not values(asked, series, label)]
    return shown + listed


def values(asked: Callable[..., Any], series: str, label: str) -> list[str]:
    found: list[str] = asked(f"label/{label}/values", **{"match[]": series})
    return found


@pytest.mark.long
def test_the_dashboard_shows_something_everywhere(prometheus: Callable[..., Any]) -> None:
    assert len(expressions(shipped()[DASHBOARD])) >= 17
    assert empty(shipped()[DASHBOARD], prometheus) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("was", "becomes", "count"),
    [
        ("process_open_fds", "process_open_files", 1),
        ("triage_refusals_total", "triage_refused_total", 1),
        ("sum by (kind) (rate(triage_refusals_total{", 'sum by (kind) (rate(triage_refusals_total{sort=\\"x\\", ', 1),
        ("label_values(triage_build_info, job)", "label_values(triage_build_info, work)", 1),
    ],
)
def test_what_nobody_counts_is_noticed(was: str, becomes: str, count: int, prometheus: Callable[..., Any]) -> None:
    text = shipped()[DASHBOARD]
    assert was in text
    assert len(empty(text.replace(was, becomes), prometheus)) == count


@pytest.mark.long
def test_prometheus_evaluates_every_alert_and_none_fires(prometheus: Callable[..., Any]) -> None:
    def rules() -> list[dict[str, Any]]:
        (group,) = prometheus("rules")["groups"]
        found: list[dict[str, Any]] = group["rules"]
        return found

    wait_until(lambda: all(rule["health"] != "unknown" for rule in rules()))
    assert {(rule["health"], rule["state"]) for rule in rules()} == {("ok", "inactive")}


def test_what_grafana_asks_is_read_from_the_dashboard() -> None:
    panel = {"targets": [{"expr": 'topk(3, rate(a{job=~"$job"}[$__rate_interval])) / b[$__range]'}]}
    variables = [
        {"type": "datasource", "query": "prometheus"},
        {"type": "query", "query": {"query": 'label_values(a{job=~"$job"}, route)'}},
        {"type": "query", "query": {"query": "query_result(a)"}},
    ]
    dashboard = json.dumps({"panels": [{"type": "row"}, panel], "templating": {"list": variables}})
    assert expressions(dashboard) == ['topk(3, rate(a{job=~".*"}[1m])) / b[1h]']
    assert choices(dashboard) == [('a{job=~".*"}', "route"), ("", "")], "the last is refused by promtool"


def test_what_is_empty_is_said() -> None:
    def nothing(path: str, **_: str) -> Any:
        return [] if path.startswith("label") else {"result": []}

    dashboard = shipped()[DASHBOARD]
    assert len(empty(dashboard, nothing)) == len(expressions(dashboard)) + len(choices(dashboard))


def test_a_program_that_is_missing_fails_rather_than_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.test_monitoring.PROGRAMS", tmp_path)
    for check in FAULTS:
        with pytest.raises(FileNotFoundError):
            check(shipped(), tmp_path)


@pytest.mark.parametrize("check", FAULTS, ids=lambda check: check.__name__)
def test_what_a_program_refuses_is_refused(
    check: Callable[[Files, Path], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("promtool", "docker-compose"):
        (tmp_path / name).write_text("#!/bin/sh\necho no; exit 1\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("tests.test_monitoring.PROGRAMS", tmp_path)
    with pytest.raises(RefusedError, match="no"):
        check(shipped(), tmp_path)
