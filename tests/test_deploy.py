"""What an operator starts from: manifests, compose, dashboard, alerts and the guide fit the program and one another.

Every check is a function of the texts of these files. It passes what is shipped, and refuses each of the broken ones.
"""

import json
import re
import shlex
import shutil
import subprocess
from importlib.metadata import version
from io import StringIO

import pytest
import yaml
from fastapi.testclient import TestClient
from jsonschema import ValidationError
from typer.testing import CliRunner

from app.cli import cli
from app.main import build_app
from app.settings import BadSettingError, Settings, read_settings
from tests.deployed import (
    ALERTS,
    COMPOSE,
    DASHBOARD,
    GUIDE,
    KEY,
    KEYS,
    KUBERNETES,
    KUSTOMIZE,
    ROOT,
    VERSIONS,
    Check,
    a_rollout_takes_no_replica_away_first,
    compose_drops_privileges,
    it_may_finish_before_it_is_killed,
    kubernetes_takes_each_manifest,
    kustomization_lists_what_is_there,
    nothing_is_privileged,
    ports_are_those_of_the_settings,
    probes_are_answered,
    selectors_match_the_pods,
    settings_are_settings,
    shipped,
    the_alerts_watch_what_is_counted,
    the_dashboard_shows_what_is_counted,
    the_guide_has_every_metric,
    the_guide_has_every_setting,
    the_network_is_closed_but_for_what_is_needed,
    what_compose_mounts_is_there,
)

CHECKS: dict[Check, list[tuple[str, str, str]]] = {
    kubernetes_takes_each_manifest: [
        (KUSTOMIZE + "deployment.yaml", "readOnlyRootFilesystem:", "readonlyRootFilesystem:"),
        (KUSTOMIZE + "deployment.yaml", "containerPort: 8000", "containerPort: http"),
        (
            KUSTOMIZE + "deployment.yaml",
            "  selector:\n    matchLabels:\n      app.kubernetes.io/name: candidate-triage\n",
            "",
        ),
        (KUSTOMIZE + "service.yaml", "targetPort:", "target:"),
        (KUSTOMIZE + "hpa.yaml", "maxReplicas: 10", "maxReplicas: ten"),
        (KUSTOMIZE + "pdb.yaml", "unhealthyPodEvictionPolicy:", "evictionPolicy:"),
        (KUSTOMIZE + "networkpolicy.yaml", "podSelector:", "selector:"),
    ],
    kustomization_lists_what_is_there: [
        (KUSTOMIZE + "kustomization.yaml", "  - pdb.yaml\n", ""),
        (KUSTOMIZE + "kustomization.yaml", "hpa.yaml", "autoscaler.yaml"),
        (KUSTOMIZE + "kustomization.yaml", "newTag: ", "newTag: v"),
        (KUSTOMIZE + "deployment.yaml", "image: candidate-triage", "image: triage"),
        (COMPOSE, "image: candidate-triage:", "image: candidate-triage:v"),
    ],
    settings_are_settings: [
        (KUSTOMIZE + "kustomization.yaml", "TRIAGE_PUBLIC_URL", "TRIAGE_PUBLIC_ADDRESS"),
        (KUSTOMIZE + "kustomization.yaml", "TRIAGE_LOG_LEVEL=info", "TRIAGE_LOG_LEVEL=loud"),
        (KUSTOMIZE + "kustomization.yaml", "TRIAGE_METRICS=port", "TRIAGE_METRICS=off"),
        (KUSTOMIZE + "kustomization.yaml", "TRIAGE_PORT=8000", "TRIAGE_ALLOW_ANONYMOUS=true"),
        (KUSTOMIZE + "deployment.yaml", "name: TRIAGE_API_KEYS", "name: TRIAGE_OAUTH_ISSUER"),
        (KUSTOMIZE + "deployment.yaml", "key: api-keys", "key: api-keys\n                  optional: true"),
        (KUSTOMIZE + "deployment.yaml", "enableServiceLinks: false", "enableServiceLinks: true"),
        (COMPOSE, "${TRIAGE_API_KEYS:?", "${TRIAGE_API_KEYS:-"),
        (COMPOSE, "TRIAGE_METRICS: port", 'TRIAGE_ALLOW_ANONYMOUS: "true"'),
        (COMPOSE, "TRIAGE_SIGNING_KEYS:-[]", "TRIAGE_SIGNING_KEYS:-none"),
        (GUIDE, "TRIAGE_OPEN_INTAKE", "TRIAGE_OPEN_INTAKES"),
    ],
    ports_are_those_of_the_settings: [
        (KUSTOMIZE + "deployment.yaml", "containerPort: 8000", "containerPort: 8080"),
        (KUSTOMIZE + "deployment.yaml", "containerPort: 9464", "containerPort: 9090"),
        (KUSTOMIZE + "deployment.yaml", 'prometheus.io/port: "9464"', 'prometheus.io/port: "8000"'),
        (KUSTOMIZE + "kustomization.yaml", "TRIAGE_METRICS_PORT=9464", "TRIAGE_METRICS_PORT=9465"),
        (KUSTOMIZE + "service.yaml", "targetPort: http", "targetPort: metrics"),
        (COMPOSE, "127.0.0.1:8000:8000", "127.0.0.1:8000:8080"),
        (COMPOSE, ":8000/readyz", ":8080/readyz"),
        ("deploy/prometheus/prometheus.yaml", "triage:9464", "triage:8000"),
        ("Dockerfile", "EXPOSE 8000", "EXPOSE 80"),
    ],
    probes_are_answered: [
        (KUSTOMIZE + "deployment.yaml", "path: /livez", "path: /healthz"),
        (KUSTOMIZE + "deployment.yaml", "path: /livez", "path: /readyz"),
        (
            KUSTOMIZE + "deployment.yaml",
            "path: /readyz\n              port: http",
            "path: /readyz\n              port: metrics",
        ),
    ],
    nothing_is_privileged: [
        (KUSTOMIZE + "deployment.yaml", "runAsNonRoot: true", "runAsNonRoot: false"),
        (KUSTOMIZE + "deployment.yaml", "runAsUser: 10001", "runAsUser: 0"),
        (KUSTOMIZE + "deployment.yaml", "type: RuntimeDefault", "type: Unconfined"),
        (KUSTOMIZE + "deployment.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
        (KUSTOMIZE + "deployment.yaml", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
        (KUSTOMIZE + "deployment.yaml", "privileged: false", "privileged: true"),
        (KUSTOMIZE + "deployment.yaml", "drop: [ALL]", "drop: [NET_RAW]"),
        (KUSTOMIZE + "deployment.yaml", "drop: [ALL]", "drop: [ALL]\n              add: [NET_ADMIN]"),
        (KUSTOMIZE + "deployment.yaml", "automountServiceAccountToken: false", "automountServiceAccountToken: true"),
        (KUSTOMIZE + "deployment.yaml", "enableServiceLinks: false", "hostNetwork: true"),
        (
            KUSTOMIZE + "serviceaccount.yaml",
            "automountServiceAccountToken: false",
            "automountServiceAccountToken: true",
        ),
        ("Dockerfile", "USER 10001:10001", "USER 1000:1000"),
        ("Dockerfile", "USER 10001:10001\n", ""),
        (COMPOSE, 'user: "10001:10001"', 'user: "1000:1000"'),
    ],
    compose_drops_privileges: [
        (COMPOSE, "read_only: true", "read_only: false"),
        (COMPOSE, "cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        (COMPOSE, "cap_drop: [ALL]", "cap_drop: [ALL]\n    cap_add: [NET_ADMIN]"),
        (COMPOSE, "no-new-privileges:true", "no-new-privileges:false"),
        (COMPOSE, 'user: "65534:65534"', 'user: "0:0"'),
        (COMPOSE, "- 127.0.0.1:3000:3000", "- 3000:3000"),
        (COMPOSE, "- CMD\n", "- NONE\n"),
    ],
    it_may_finish_before_it_is_killed: [
        (KUSTOMIZE + "deployment.yaml", "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 30"),
        (KUSTOMIZE + "deployment.yaml", "seconds: 5\n", "seconds: 15\n"),
        (KUSTOMIZE + "deployment.yaml", "seconds: 5\n", "seconds: 1\n"),
        (COMPOSE, "stop_grace_period: 35s", "stop_grace_period: 25s"),
    ],
    a_rollout_takes_no_replica_away_first: [
        (KUSTOMIZE + "deployment.yaml", "maxUnavailable: 0", "maxUnavailable: 1"),
        (KUSTOMIZE + "deployment.yaml", "revisionHistoryLimit: 5", "replicas: 2"),
        (KUSTOMIZE + "deployment.yaml", "memory: 256Mi", "memory: 64Mi"),
        (KUSTOMIZE + "hpa.yaml", "minReplicas: 2", "minReplicas: 1"),
        (KUSTOMIZE + "pdb.yaml", "maxUnavailable: 1", "maxUnavailable: 2"),
        (COMPOSE, "mem_limit: 256m", "mem_limit: 64m"),
    ],
    selectors_match_the_pods: [
        (
            KUSTOMIZE + "service.yaml",
            "  selector:\n    app.kubernetes.io/name: candidate",
            "  selector:\n    app: candidate",
        ),
        (
            KUSTOMIZE + "pdb.yaml",
            "      app.kubernetes.io/name: candidate-triage",
            "      app.kubernetes.io/name: triage",
        ),
        (
            KUSTOMIZE + "networkpolicy.yaml",
            "      app.kubernetes.io/name: candidate-triage",
            "      app: candidate-triage",
        ),
        (
            KUSTOMIZE + "deployment.yaml",
            "              app.kubernetes.io/name:",
            "              app.kubernetes.io/component:",
        ),
        (KUSTOMIZE + "deployment.yaml", "serviceAccountName: candidate-triage", "serviceAccountName: default"),
        (KUSTOMIZE + "hpa.yaml", "kind: Deployment\n    name: candidate-triage", "kind: Deployment\n    name: triage"),
        (KUSTOMIZE + "hpa.yaml", "kind: Deployment", "kind: StatefulSet"),
    ],
    the_network_is_closed_but_for_what_is_needed: [
        (KUSTOMIZE + "networkpolicy.yaml", "    - Egress\n", ""),
        (KUSTOMIZE + "networkpolicy.yaml", "egress: []", "egress: [{}]"),
        (KUSTOMIZE + "networkpolicy.yaml", "  egress: []\n", "  egress: [{ports: [{port: 443}]}]\n"),
        (KUSTOMIZE + "kustomization.yaml", "- TRIAGE_PORT=8000", "- TRIAGE_CDS_FHIR_HOSTS=fhir.clinic.example"),
        (KUSTOMIZE + "networkpolicy.yaml", "port: 443", "port: 80"),
        (KUSTOMIZE + "networkpolicy.yaml", "cidr: 192.0.2.10/32", "cidr: 169.254.169.254/32"),
        (KUSTOMIZE + "networkpolicy.yaml", "- port: http\n", "- port: http\n          endPort: 9999\n"),
        (
            KUSTOMIZE + "networkpolicy.yaml",
            "namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: monitoring\n",
            "namespaceSelector: {}\n",
        ),
        (KUSTOMIZE + "service.yaml", "kind: Service\n", "kind: NetworkPolicy\n"),
        (KUSTOMIZE + "networkpolicy.yaml", "cidr: 192.0.2.10/32", "cidr: 0.0.0.0/0"),
        (KUSTOMIZE + "networkpolicy.yaml", "cidr: 198.51.100.0/28", "cidr: 10.0.0.0/8"),
        (
            KUSTOMIZE + "networkpolicy.yaml",
            "  #   - to:\n  #       - ipBlock:\n  #           cidr: 192.0.2.10/32\n",
            "  #   - to: []\n",
        ),
        (KUSTOMIZE + "networkpolicy.yaml", "port: http", "port: 9464"),
        (
            KUSTOMIZE + "networkpolicy.yaml",
            "from:\n        - namespaceSelector:\n            matchLabels:\n"
            "              kubernetes.io/metadata.name: monitoring\n",
            "from: []\n",
        ),
    ],
    what_compose_mounts_is_there: [
        (COMPOSE, "./prometheus:/etc/prometheus:ro", "./prom:/etc/prometheus:ro"),
        (COMPOSE, "./prometheus:/etc/prometheus:ro", "./prometheus:/etc/prometheus:rw"),
        (COMPOSE, "- grafana:/var/lib/grafana", "- data:/var/lib/grafana"),
        (COMPOSE, "PATH: /etc/grafana/dashboards/", "PATH: /etc/grafana/boards/"),
        ("deploy/prometheus/prometheus.yaml", "- alerts.yaml", "- rules.yaml"),
        ("deploy/grafana/provisioning/datasources/prometheus.yaml", "http://prometheus:9090", "http://localhost:9090"),
    ],
    the_dashboard_shows_what_is_counted: [
        (DASHBOARD, "triage_decisions_total", "triage_decision_total"),
        (DASHBOARD, "process_resident_memory_bytes", "process_memory_bytes"),
        (DASHBOARD, "sum by (disposition)", "sum by (outcome)"),
        (DASHBOARD, "{{kind}}", "{{problem}}"),
        (DASHBOARD, 'route=~\\"$route\\"', 'path=~\\"$route\\"'),
        (DASHBOARD, "label_values(triage_build_info, job)", "label_values(triage_info, job)"),
        (DASHBOARD, '"type": "datasource"', '"type": "constant"'),
        (DASHBOARD, '"name": "instance"', '"name": "replica"'),
        (DASHBOARD, "triage_refusals_total", "triage_requests_total"),
        (DASHBOARD, '"uid": "${datasource}"', '"uid": "abc"'),
        (DASHBOARD, '"id": 3,', '"id": 2,'),
        (DASHBOARD, '"schemaVersion": 39', '"schemaVersion": 16'),
    ],
    the_alerts_watch_what_is_counted: [
        (ALERTS, "triage_refusals_total", "triage_refused_total"),
        (ALERTS, "count by (digest)", "count by (book)"),
        (ALERTS, "alert: TriageSlow", "alert: TriageIsSlow"),
        (ALERTS, "        for: 10m\n", ""),
        (GUIDE, "| `TriageDown` |", "| `TriageGone` |"),
    ],
    the_guide_has_every_setting: [
        (GUIDE, "| `TRIAGE_HOST` |", "| `TRIAGE_HOSTS` |"),
        (GUIDE, "| `TRIAGE_OTEL` | `false` |", "| `TRIAGE_OTEL` | `true` |"),
        (GUIDE, "The largest body of facts, and line", "The largest body, and line"),
        (GUIDE, "| `TRIAGE_MAX_CONCURRENCY` |", "| Concurrency |"),
    ],
    the_guide_has_every_metric: [
        (GUIDE, "| `triage_rules_total` |", "| `triage_rule_total` |"),
        (GUIDE, "| `method`, `route`, `status` |", "| `method`, `route` |"),
    ],
}
BROKEN = [(check, *case) for check, cases in CHECKS.items() for case in cases]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_is_shipped_fits(check: Check) -> None:
    check(shipped())
    assert CHECKS[check], "each check has been seen to fail"


@pytest.mark.parametrize(
    ("check", "place", "was", "becomes"), BROKEN, ids=[f"{case[0].__name__}-{n}" for n, case in enumerate(BROKEN)]
)
def test_what_is_broken_is_caught(check: Check, place: str, was: str, becomes: str) -> None:
    files = shipped()
    assert was in files[place]
    files[place] = files[place].replace(was, becomes)
    with pytest.raises((AssertionError, ValidationError, BadSettingError)):
        check(files)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_kustomize_builds_what_kubernetes_takes() -> None:
    built = subprocess.run(["kubectl", "kustomize", str(ROOT / KUSTOMIZE)], capture_output=True, text=True, check=True)
    found = {document["kind"]: document for document in yaml.safe_load_all(built.stdout)}
    assert len(found) == len(list((ROOT / KUSTOMIZE).iterdir()))
    for document in found.values():
        for release in VERSIONS:
            KUBERNETES.validate(document, release, strict=True)
    (made,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert made["image"] == f"candidate-triage:{version('candidate-triage')}"
    assert made["envFrom"] == [{"configMapRef": {"name": found["ConfigMap"]["metadata"]["name"]}}]


def test_the_guide_names_the_fields_of_a_request_line() -> None:
    lines = StringIO()
    service = TestClient(build_app(Settings.model_validate({"api_keys": KEYS}), lines=lines))
    service.post("/v1/triage", json={"pregnant": True}, headers={"X-API-Key": KEY})
    service.post("/v1/triage", json=[], headers={"X-API-Key": KEY})
    written = {field for line in lines.getvalue().splitlines() for field in json.loads(line)}
    table = shipped()[GUIDE].split("| field of a request |")[1].split("\n\n")[0]
    told = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(written)


def test_the_commands_of_the_guide_run() -> None:
    commands = re.findall(r"^((?:TRIAGE_\S+ )*)\.venv/bin/triage (.*)$", shipped()[GUIDE], re.M)
    assert len(commands) == 3
    for variables, command in commands:
        read_settings(dict(word.split("=", 1) for word in shlex.split(variables)))
        if command != "serve":
            assert CliRunner().invoke(cli, shlex.split(command)).exit_code == 0
