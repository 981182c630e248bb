"""What stands before a server, and a client of others: a part of the long run; what is not installed fails it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.wire.raw import Service, facts
from tests.wire.rows import ROWS
from tests.wire.test_wire import FAILS, KEY, PATIENCE, ROOT, SETTINGS
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


@contextmanager
def proxied(server: Server, folder: Path) -> Iterator[Service]:
    """Run nginx before a server, by the configuration that is shipped."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    port = free_port()
    for shipped, here in LOCAL.items():
        assert shipped in text
        text = text.replace(shipped, here.format(port=port, behind=server.port))
    (folder / "nginx.conf").write_text(text, "utf-8")
    options = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    directives = ["-g", f"daemon off; pid {folder}/pid;"]
    subprocess.run(["nginx", "-t", *options, *directives], check=True, capture_output=True)
    with subprocess.Popen(["nginx", *options, *directives], stderr=subprocess.PIPE) as nginx:
        try:
            service = Service(SimpleNamespace(port=port, rss=server.rss), KEY, PATIENCE)
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


@pytest.mark.parametrize("server", sorted(FAILS))
def test_the_client_of_java_gets_its_answers(server: str) -> None:
    asked = [facts("java-1").decode(), facts("java-2").decode()]
    with serving(settings={**SETTINGS, "server": server}) as process:
        url = f"http://127.0.0.1:{process.port}/v1/triage?view=decision"
        ask = Path(__file__).with_name("Ask.java")
        done = subprocess.run(["java", str(ask), url, KEY, *asked], check=True, capture_output=True, text=True)
    assert [json.loads(line)["reference"] for line in done.stdout.splitlines()] == ["java-1", "java-2"]
