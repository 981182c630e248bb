"""What stands before a server, and a client of others: a part of the long run; what is not installed fails it."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.serving import HANGS
from tests.wire.raw import Service, facts
from tests.wire.rows import ROWS
from tests.wire.test_wire import FAILS, KEY, ROOT, SETTINGS
from tools.serving import Server, free_port, serving

pytestmark = pytest.mark.long
LOCAL = {
    "listen 443 ssl http2;": "listen 127.0.0.1:{port};",
    "server 127.0.0.1:8000;": "server 127.0.0.1:{behind};",
    "timeout 10s;": "timeout 1s;",
    "        ssl_certificate /etc/ssl/triage/fullchain.pem;\n": "",
    "        ssl_certificate_key /etc/ssl/triage/key.pem;\n": "",
}
"""How the configuration is tried here: without TLS, and with less patience."""


PREFIX = "/care/triage"
BELOW = {
    "kept": {
        "location / {": f"location {PREFIX}/ {{",
        "location = /v1/triage/batch {": f"location = {PREFIX}/v1/triage/batch {{",
    },
    "taken off": {
        "location / {\n            proxy_pass http://triage;": f"location {PREFIX}/ {{\n            proxy_pass http://triage/;",
        "location = /v1/triage/batch {": f"location = {PREFIX}/v1/triage/batch {{",
        "proxy_buffering off;\n            proxy_pass http://triage;": (
            "proxy_buffering off;\n            proxy_pass http://triage/v1/triage/batch;"
        ),
    },
}
"""How a path of the public address is passed on."""


@contextmanager
def proxied(server: Server, folder: Path, changes: Mapping[str, str] = MappingProxyType({})) -> Iterator[Service]:
    """Run nginx before a server, by the configuration that is shipped."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    port = free_port()
    for shipped, here in LOCAL.items():
        assert shipped in text
        text = text.replace(shipped, here.format(port=port, behind=server.port))
    for shipped, here in changes.items():
        assert shipped in text
        text = text.replace(shipped, here)
    (folder / "nginx.conf").write_text(text, "utf-8")
    options = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    directives = ["-g", f"daemon off; pid {folder}/pid;"]
    subprocess.run(["nginx", "-t", *options, *directives], check=True, capture_output=True)
    with subprocess.Popen(["nginx", *options, *directives], stderr=subprocess.PIPE) as nginx:
        try:
            service = Service(SimpleNamespace(port=port, rss=server.rss), KEY, HANGS)
            while not listens(service):
                assert nginx.poll() is None
            yield service
        finally:
            nginx.terminate()


def listens(service: Service) -> bool:
    try:
        service.connect().close()
    except ConnectionError:
        return False
    return True


@pytest.mark.parametrize("server", sorted(FAILS))
def test_behind_the_proxy_every_row_that_a_server_fails_is_passed(server: str, tmp_path: Path) -> None:
    with serving(settings={**SETTINGS, "server": server}) as process, proxied(process, tmp_path) as service:
        for row in sorted({*FAILS["uvicorn"], "random pipelines", "curl http2", "no host"}):
            ROWS[row](service)


@pytest.mark.parametrize("passed", sorted(BELOW))
@pytest.mark.parametrize("server", sorted(FAILS))
def test_below_a_path_of_the_proxy_everything_is_found(server: str, passed: str, tmp_path: Path) -> None:
    base = f"https://clinic.example{PREFIX}"
    settings = {"server": server, "public_url": base}
    with serving(settings=settings) as process, proxied(process, tmp_path, BELOW[passed]) as service:

        def asked(path: str, body: bytes | None = None, kind: str = "application/json") -> tuple[int, str]:
            request = Request(f"http://127.0.0.1:{service.server.port}{path}", body, {"content-type": kind})
            try:
                with urlopen(request) as answer:
                    return answer.status, answer.read().decode("utf-8", "replace")
            except HTTPError as error:
                return error.code, error.read().decode()

        def read(path: str, body: bytes | None = None) -> Any:
            return json.loads(asked(PREFIX + path, body)[1])

        for page in ("/", "/all", "/rules", "/rules/PHASE-2", "/sources", "/proof", "/docs"):
            status, text = asked(PREFIX + page)
            links = {link.replace("&amp;", "&") for link in re.findall(r"(?:href|src)=[\"'](/[^\"'#]*)", text)}
            assert status == 200
            assert links
            assert {asked(link)[0] for link in sorted(links)[:20]} == {200}, page
        assert asked(f"{PREFIX}/intake", b"everything=1", "application/x-www-form-urlencoded")[0] == 200
        assert read("/openapi.json")["servers"] == [{"url": PREFIX, "description": "This service."}]
        assert read("/fhir/Questionnaire/candidate-intake")["url"] == f"{base}/fhir/Questionnaire/candidate-intake"
        templates = [each["prefetch"]["intake"] for each in read("/cds-services")["services"]]
        assert all(f"{base}/fhir/Questionnaire/candidate-intake" in template for template in templates)
        assert read("/v1/triage?view=decision", b"{}")["decision"]
        refused = read("/v1/triage", b"[]")
        assert (refused["type"], refused["instance"]) == (f"{PREFIX}/problems/not-facts", f"{PREFIX}/v1/triage")
        lines = asked(f"{PREFIX}/v1/triage/batch", b"{}\n{}\n", "application/x-ndjson")[1]
        assert ["decision" in json.loads(line) for line in lines.splitlines()] == [True, True]


@pytest.mark.parametrize("server", sorted(FAILS))
def test_the_client_of_java_gets_its_answers(server: str) -> None:
    asked = [facts("java-1").decode(), facts("java-2").decode()]
    with serving(settings={**SETTINGS, "server": server}) as process:
        url = f"http://127.0.0.1:{process.port}/v1/triage?view=decision"
        ask = Path(__file__).with_name("Ask.java")
        done = subprocess.run(["java", str(ask), url, KEY, *asked], check=True, capture_output=True, text=True)
    assert [json.loads(line)["reference"] for line in done.stdout.splitlines()] == ["java-1", "java-2"]
