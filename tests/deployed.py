"""What must hold of manifests, compose, dashboard, alerts and the guide: each check is a function of their texts."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import version
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.main import build_app
from app.security.keys import new_key
from app.security.limits import PROBES
from app.serve import DRAIN_SECONDS
from app.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parent.parent
Files = Mapping[str, str]
Check = Callable[[Files], None]
KUBERNETES = import_module("kubernetes_validate")  # has no types
VERSIONS = ("1.30", KUBERNETES.latest_version())
KUSTOMIZE = "deploy/kustomize/"
COMPOSE = "deploy/compose.yaml"
DASHBOARD = "deploy/grafana/candidate-triage.json"
ALERTS = "deploy/prometheus/alerts.yaml"
GUIDE = "docs/operate.md"
KEY, ENTRY = new_key("ops", ["triage", "rulesets"])
KEYS = f"[{ENTRY.model_dump_json()}]"
SECRETS = {"TRIAGE_API_KEYS": KEYS, "TRIAGE_SIGNING_KEYS": "[]"}
PROCESS = {
    f"process_{name}"
    for name in ("cpu_seconds_total", "max_fds", "open_fds", "resident_memory_bytes", "start_time_seconds")
}
"""Counted on Linux alone."""


def shipped() -> dict[str, str]:
    """Return the text of every file, by its place."""
    places = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    places += [ROOT / "Dockerfile", ROOT / GUIDE]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in places}


def manifest(files: Files, name: str) -> Any:
    return yaml.safe_load(files[f"{KUSTOMIZE}{name}.yaml"])


def pod(files: Files) -> Any:
    return manifest(files, "deployment")["spec"]["template"]["spec"]


def container(files: Files) -> Any:
    (found,) = pod(files)["containers"]
    return found


def services(files: Files) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files[COMPOSE])["services"]
    return found


def config_map(files: Files) -> dict[str, str]:
    (made,) = manifest(files, "kustomization")["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in made["literals"])


def in_the_pod(files: Files) -> Settings:
    """The settings as a replica reads them."""
    assert container(files)["envFrom"] == [{"configMapRef": {"name": "candidate-triage"}}]
    return read_settings(
        config_map(files) | {env["name"]: SECRETS.get(env["name"], "") for env in container(files)["env"]}
    )


def in_compose(files: Files) -> Settings:
    """The settings as the service of the compose file reads them."""
    given = services(files)["triage"]["environment"]
    assert given["TRIAGE_API_KEYS"].startswith("${TRIAGE_API_KEYS:?"), "keys are asked for, never left out"
    filled = {name: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value) for name, value in given.items()}
    return read_settings(filled | {"TRIAGE_API_KEYS": KEYS})


@cache
def client() -> TestClient:
    """A service that counts, and has been asked for this and that."""
    service = TestClient(build_app(Settings(metrics="path")))
    service.post("/v1/triage", json={"active_skin_infection": True})
    service.post("/v1/triage", json=[])
    return service


@cache
def exposed() -> tuple[frozenset[str], frozenset[str]]:
    """The names of what is counted, and their labels."""
    families = text_string_to_metric_families(client().get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    names = {sample.name for sample in samples}
    assert names >= PROCESS or sys.platform != "linux"
    return frozenset(names | PROCESS), frozenset(name for sample in samples for name in sample.labels)


def seconds(text: str) -> int:
    assert re.fullmatch(r"\d+s", text)
    return int(text[:-1])


def kubernetes_takes_each_manifest(files: Files) -> None:
    for name in files:
        if name.startswith(KUSTOMIZE) and not name.endswith("kustomization.yaml"):
            for release in VERSIONS:
                KUBERNETES.validate(yaml.safe_load(files[name]), release, strict=True)


def kustomization_lists_what_is_there(files: Files) -> None:
    found = manifest(files, "kustomization")
    there = {name.removeprefix(KUSTOMIZE) for name in files if name.startswith(KUSTOMIZE)} - {"kustomization.yaml"}
    assert found["resources"] == sorted(there)
    assert found.keys() == {"apiVersion", "kind", "resources", "images", "configMapGenerator"}
    assert found["images"] == [{"name": container(files)["image"], "newTag": version("candidate-triage")}]
    assert [made["name"] for made in found["configMapGenerator"]] == ["candidate-triage"]
    assert services(files)["triage"]["image"] == f"candidate-triage:{version('candidate-triage')}"


def settings_are_settings(files: Files) -> None:
    known = {f"TRIAGE_{name.upper()}" for name in Settings.model_fields}
    for name, text in files.items():
        assert set(re.findall(r"\bTRIAGE_\w+", text)) <= known, name
    for settings in (in_the_pod(files), in_compose(files)):
        assert not settings.anonymous
        assert not settings.allow_anonymous
        assert not settings.open_intake
        assert settings.metrics == "port"
        assert settings.workers == 1
    assert in_the_pod(files).public_url.startswith("https://")
    env = {variable["name"]: variable["valueFrom"]["secretKeyRef"] for variable in container(files)["env"]}
    assert {name: secret.get("optional", False) for name, secret in env.items()} == {
        "TRIAGE_API_KEYS": False,
        "TRIAGE_SIGNING_KEYS": True,
    }
    assert pod(files)["enableServiceLinks"] is False, "a Service called `triage` would set TRIAGE_PORT"


def ports_are_those_of_the_settings(files: Files) -> None:
    settings = in_the_pod(files)
    ports = {port["name"]: port["containerPort"] for port in container(files)["ports"]}
    assert ports == {"http": settings.port, "metrics": settings.metrics_port}
    notes = manifest(files, "deployment")["spec"]["template"]["metadata"]["annotations"]
    assert notes["prometheus.io/port"] == str(settings.metrics_port)
    assert [port["targetPort"] for port in manifest(files, "service")["spec"]["ports"]] == ["http"]
    composed = in_compose(files)
    assert services(files)["triage"]["ports"] == [f"127.0.0.1:{composed.port}:{composed.port}"]
    assert f":{composed.port}/readyz" in services(files)["triage"]["healthcheck"]["test"][-1]
    (scraped,) = yaml.safe_load(files["deploy/prometheus/prometheus.yaml"])["scrape_configs"]
    assert scraped["static_configs"] == [{"targets": [f"triage:{composed.metrics_port}"]}]
    assert f"\nEXPOSE {Settings().port}\n" in files["Dockerfile"]


def probes_are_answered(files: Files) -> None:
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container(files)[name]["httpGet"]
        assert asked["port"] == "http"
        assert asked["path"] in PROBES
        assert client().get(asked["path"]).status_code == 200
    assert container(files)["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container(files)["readinessProbe"]["httpGet"]["path"] == "/readyz"


def nothing_is_privileged(files: Files) -> None:
    user = re.search(r"^USER (\d+):(\d+)$", files["Dockerfile"], re.M)
    assert user
    assert pod(files)["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user[1]),
        "runAsGroup": int(user[2]),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container(files)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert int(user[1]) > 0
    assert pod(files)["automountServiceAccountToken"] is False
    assert manifest(files, "serviceaccount")["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & pod(files).keys()
    assert services(files)["triage"]["user"] == f"{user[1]}:{user[2]}"


def compose_drops_privileges(files: Files) -> None:
    for name, service in services(files).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), name
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert not {"privileged", "cap_add", "network_mode", "pid"} & service.keys(), name


def it_may_finish_before_it_is_killed(files: Files) -> None:
    before = container(files)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod(files)["terminationGracePeriodSeconds"] > before + DRAIN_SECONDS
    assert before >= container(files)["readinessProbe"]["periodSeconds"]
    assert seconds(services(files)["triage"]["stop_grace_period"]) > DRAIN_SECONDS


def a_rollout_takes_no_replica_away_first(files: Files) -> None:
    spec = manifest(files, "deployment")["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert "replicas" not in spec, "the autoscaler says how many"
    assert manifest(files, "hpa")["spec"]["minReplicas"] > manifest(files, "pdb")["spec"]["maxUnavailable"]
    assert container(files)["resources"] == {
        "requests": {"cpu": "1", "memory": "128Mi"},
        "limits": {"memory": "256Mi"},
    }
    assert services(files)["triage"]["mem_limit"] == "256m"


def selectors_match_the_pods(files: Files) -> None:
    deployment = manifest(files, "deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        deployment["spec"]["selector"]["matchLabels"],
        manifest(files, "service")["spec"]["selector"],
        manifest(files, "pdb")["spec"]["selector"]["matchLabels"],
        manifest(files, "networkpolicy")["spec"]["podSelector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in pod(files)["topologySpreadConstraints"]),
    ]
    assert len(selectors) == 6
    for selector in selectors:
        assert selector
        assert selector.items() <= labels
    target = manifest(files, "hpa")["spec"]["scaleTargetRef"]
    assert target == {name: deployment[name] for name in ("apiVersion", "kind")} | {
        "name": deployment["metadata"]["name"]
    }
    assert pod(files)["serviceAccountName"] == manifest(files, "serviceaccount")["metadata"]["name"]


def the_network_is_closed_but_for_what_is_needed(files: Files) -> None:
    spec = manifest(files, "networkpolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    ways = {port["port"]: rule.get("from") for rule in spec["ingress"] for port in rule["ports"]}
    assert ways.keys() == {"http", "metrics"}
    assert ways["metrics"], "this port asks for no key"
    assert all(any(chosen.values()) for chosen in ways["metrics"]), "an empty selector is everybody"
    policies = [name for name, text in files.items() if "kind: NetworkPolicy" in text]
    assert policies == [f"{KUSTOMIZE}networkpolicy.yaml"], "what one policy allows, no other takes back"
    configured = in_the_pod(files)
    goes_out = (configured.oauth_jwks_url, configured.cds_clients, configured.cds_fhir_hosts, configured.otel)
    assert bool(spec["egress"]) == any(goes_out), "it lets out what is configured, and nothing else"
    KUBERNETES.validate(opened := with_egress(files), KUBERNETES.latest_version(), strict=True)
    for rule in [*spec["ingress"], *spec["egress"], *opened["spec"]["egress"]]:
        assert not any("endPort" in port for port in rule["ports"]), "one port, not a range"
    for rule in [*spec["egress"], *opened["spec"]["egress"]]:
        assert {port["port"] for port in rule["ports"]} <= {53, 443, 4318}
        assert rule["to"], "no `to` is everywhere"
        for to in rule["to"]:
            selected = {**to.get("namespaceSelector", {}), **to.get("podSelector", {})}
            assert selected or ip_network(to["ipBlock"]["cidr"]).num_addresses <= 256, "hosts by address, not a network"
            is_local = not selected and ip_network(to["ipBlock"]["cidr"]).is_link_local
            assert not is_local or {port["port"] for port in rule["ports"]} == {53}, "there are the metadata of a cloud"


def with_egress(files: Files) -> Any:
    """Return the policy of somebody who follows its comment."""
    text = files[f"{KUSTOMIZE}networkpolicy.yaml"]
    before, _, block = text.partition("  egress: []\n")
    opened = yaml.safe_load(before + re.sub(r"(?m)^  # ", "  ", block))
    assert opened["spec"]["egress"]
    return opened


def what_compose_mounts_is_there(files: Files) -> None:
    volumes = yaml.safe_load(files[COMPOSE])["volumes"]
    mounts: dict[str, str] = {}
    for service in services(files).values():
        for mount in service.get("volumes", ()):
            source, target, *mode = mount.split(":")
            if source.startswith("./"):
                assert mode == ["ro"]
                assert any(name.startswith(f"deploy/{source[2:]}") for name in files), source
                mounts[target] = source
            else:
                assert source in volumes
    assert "--config.file=/etc/prometheus/prometheus.yaml" in services(files)["prometheus"]["command"]
    assert mounts["/etc/prometheus"] == "./prometheus"
    assert yaml.safe_load(files["deploy/prometheus/prometheus.yaml"])["rule_files"] == [Path(ALERTS).name]
    (provider,) = yaml.safe_load(files["deploy/grafana/provisioning/dashboards/candidate-triage.yaml"])["providers"]
    home = services(files)["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(provider["options"]["path"] + "/")
    assert mounts[home] == DASHBOARD.replace("deploy", ".", 1)
    (source,) = yaml.safe_load(files["deploy/grafana/provisioning/datasources/prometheus.yaml"])["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert source["isDefault"] is True


def names_what_is_exposed(expression: str) -> None:
    """Refuse an expression without a metric, or with a metric or label that this service does not have."""
    metrics, labels = exposed()
    plain = re.sub(r'"[^"]*"', '""', expression)
    named = set(re.findall(r"\b(?:triage|process|python)_\w+", plain))
    known_labels = labels | {"job", "instance"}
    assert named <= metrics, f"{named - metrics} in {expression}"
    assert named or plain.startswith("up{"), expression
    used = set(re.findall(r"(\w+) *(?:=~|!~|!=|=)\"\"", plain))
    for words in re.findall(r"\b(?:by|ignoring|on) *\(([^)]*)\)", plain):
        used |= set(re.findall(r"\w+", words))
    assert used <= known_labels, f"{used - known_labels} in {expression}"


def the_dashboard_shows_what_is_counted(files: Files) -> None:
    dashboard = json.loads(files[DASHBOARD])
    assert dashboard["uid"] == "candidate-triage"
    assert dashboard["schemaVersion"] >= 36
    assert "id" not in dashboard, "a number of one Grafana; without it the file imports anywhere"
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    for variable in variables.values():
        if variable["type"] == "query":
            names_what_is_exposed(variable["query"]["query"])
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in panels:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            names_what_is_exposed(target["expr"])
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables.keys() | {"__rate_interval", "__range"}
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= exposed()[1] | {"instance"}
    shown = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    for name in exposed()[0]:
        if name.startswith("triage_") and not name.endswith("_created"):
            assert name in shown


def the_alerts_watch_what_is_counted(files: Files) -> None:
    (group,) = yaml.safe_load(files[ALERTS])["groups"]
    for rule in group["rules"]:
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
        names_what_is_exposed(rule["expr"])
    told = re.findall(r"^\| `(Triage\w+)` \|", files[GUIDE], re.M)
    assert told == [rule["alert"] for rule in group["rules"]]


def default_of(value: object) -> str:
    if value in (None, (), ""):
        return ""
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def the_guide_has_every_setting(files: Files) -> None:
    rows = [line for line in files[GUIDE].splitlines() if line.startswith("| `TRIAGE_")]
    assert rows == [
        f"| `TRIAGE_{name.upper()}` | {default_of(field.default)} | {' '.join((field.description or '').split())} |"
        for name, field in Settings.model_fields.items()
    ]


def the_guide_has_every_metric(files: Files) -> None:
    rows = re.findall(r"^\| `(triage_\w+)` \| (.*?) \|", files[GUIDE], re.M)
    told = {name: set(re.findall(r"\w+", labels)) for name, labels in rows}
    families = text_string_to_metric_families(client().get("/metrics").text)
    found = {
        family.name + ("_total" if family.type == "counter" else ""): set(family.samples[0].labels) - {"le"}
        for family in families
        if family.name.startswith("triage_") and not family.name.endswith("_created")
    }
    assert told == found
