"""Build the image, run it read-only as its user, ask it, end it, and say how large it is.

For Linux, as root, with buildah, crun and mmdebstrap of Debian. No registry is asked: the base is a Debian with the
Python that the Dockerfile names. The command, the user and the health check are those that the image itself states.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from fastapi.testclient import TestClient

from app.main import build_app
from app.security.keys import new_key
from app.serve import DRAIN_SECONDS
from app.settings import Settings
from tools.serving import ROOT, free_port

DEBIAN = "trixie"
"""The release whose Python is 3.13, that of the Dockerfile."""
PACKAGES = "ca-certificates,python-is-python3,python3,python3-pip,python3-venv"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Lent to the build, where a proxy of a company signs what comes from PyPI."""
SBOM = ROOT / "dist" / "sbom.cdx.json"
FACTS = b'{"age_years": 41, "pregnant": true, "primary_concern": "dullness"}'
KEY, ENTRY = new_key("image", ["triage"])
KEYS = f"[{ENTRY.model_dump_json()}]"
SECONDS_TO_START = 60
CRUN = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys/fs/cgroup && exec crun "$@"', "crun"]
"""Out of sight of the control groups: crun refuses hosts that mix both versions of them, although it is to use none."""


def what_is_wrong(user: str, status: str, mounts: str) -> list[str]:
    """Say what the image's process may do and should not.

    `user` is what the image states; `status` and `mounts` are `/proc/N/status` and `/proc/N/mountinfo` of its process.
    """
    of = dict(line.split(":\t", 1) for line in status.splitlines())
    found = []
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
        found.append(f"the image states the user `{user}`, not the numbers of one who is not root")
    if "0" in (of["Uid"] + " " + of["Gid"] + " " + of["Groups"]).split():
        found.append("it runs as root")
    elif set(of["Uid"].split()) | set(of["Gid"].split()) != set(user.split(":")):
        found.append(f"it does not run as `{user}`")
    if any(int(of[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")):
        found.append("it has capabilities")
    if of["NoNewPrivs"] != "1":
        found.append("it may gain privileges")
    roots = [fields[5].split(",") for fields in map(str.split, mounts.splitlines()) if fields[4] == "/"]
    if not roots or "ro" not in roots[-1]:
        found.append("its root file system can be written")
    return found


def not_listed(installed: Sequence[str], sbom: str) -> list[str]:
    """Return the installed distributions, as `name-version`, that a CycloneDX document does not list."""
    document = json.loads(sbom)
    parts = [document["metadata"]["component"], *document["components"]]
    listed = {(plain(part["name"]), part["version"]) for part in parts}
    pairs = [name.rsplit("-", 1) for name in installed]
    return [f"{name} {version}" for name, version in pairs if (plain(name), version) not in listed]


def plain(name: str) -> str:
    """Return the name of a package as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Builder:
    """buildah with a storage of its own, in a folder that is removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = ["--root", str(folder / "storage"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]

    def __call__(self, *arguments: str) -> str:
        """Run a command of buildah; return what it prints."""
        command = ["buildah", *self.storage, *arguments]
        return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def base(self) -> str:
        """Make the base and return its name."""
        tar = self.folder / "base.tar"
        debian = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", DEBIAN, str(tar)]
        subprocess.run([*debian, "http://deb.debian.org/debian"], check=True)
        container = self("from", "scratch")
        self("add", "--quiet", container, str(tar), "/")
        self("commit", "--quiet", "--rm", container, "localhost/base")
        return "localhost/base"

    def build(self, base: str) -> str:
        """Build the Dockerfile on a base and return the name of the image."""
        name = "localhost/candidate-triage"
        command = ["bud", "--quiet", "--format", "docker", "--isolation", "chroot", "--network", "host", "--pull-never"]
        lent = ["--volume", f"{AUTHORITIES}:{AUTHORITIES}:ro"] if Path(AUTHORITIES).exists() else []
        self(*command, "--build-arg", f"BASE={base}", *lent, "--tag", name, ".")
        return name

    def sizes(self) -> dict[str, str]:
        """Return how large each image is."""
        return {name: image["size"] for image in json.loads(self("images", "--json")) for name in image["names"] or ()}


def bundle(folder: Path, root: str, config: dict[str, Any], user: str, port: int) -> None:
    """Write down for crun how the image is run: as it states, read-only, with no capability, on the host's network."""
    subprocess.run(["crun", "spec"], cwd=folder, check=True)
    spec = json.loads((folder / "config.json").read_text("utf-8"))
    uid, gid = (int(part) if part.isdecimal() else 0 for part in [*user.split(":"), "", ""][:2])
    settings = [f"TRIAGE_PORT={port}", f"TRIAGE_API_KEYS={KEYS}"]
    spec["process"] |= {
        "terminal": False,
        "user": {"uid": uid, "gid": gid},
        "args": [*(config.get("Entrypoint") or ()), *config["Cmd"]],
        "env": [*config["Env"], *settings],
        "cwd": config.get("WorkingDir") or "/",
        "capabilities": {},
    }
    spec["root"] = {"path": root, "readonly": True}
    spec["mounts"] = [mount for mount in spec["mounts"] if mount["type"] != "cgroup"]
    spec["linux"]["namespaces"] = [kind for kind in spec["linux"]["namespaces"] if kind["type"] != "network"]
    (folder / "config.json").write_text(json.dumps(spec), "utf-8")


class Container:
    """The image's process under crun."""

    def __init__(self, name: str, folder: Path, port: int) -> None:
        self.crun = [*CRUN, "--root", str(folder / "state"), "--cgroup-manager=disabled"]
        self.name = name
        self.address = f"http://127.0.0.1:{port}"
        self.written = folder / "log"
        command = [*self.crun, "run", "--bundle", str(folder), name]
        with self.written.open("wb") as log:  # crun gives what it writes to away, to the user of the image
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def call(self, *arguments: str) -> str:
        """Run a command of crun; return what it prints."""
        return subprocess.run([*self.crun, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    def proc(self) -> Path:
        """Return the folder of its process below /proc."""
        return Path("/proc") / str(json.loads(self.call("state", self.name))["pid"])

    def ask(self, path: str, body: bytes | None = None, key: str = "") -> tuple[int, bytes]:
        """Return status and body of an answer; 0 where there is none."""
        headers = {"Content-Type": "application/json", **({"X-API-Key": key} if key else {})}
        try:
            with urlopen(Request(self.address + path, body, headers), timeout=10) as answer:
                return answer.status, answer.read()
        except HTTPError as refused:
            return refused.code, refused.read()
        except (URLError, OSError):
            return 0, b""


@contextmanager
def running(builder: Builder, root: str, config: dict[str, Any], user: str) -> Iterator[Container]:
    """Run the image until left; it is ready when this is entered."""
    with tempfile.TemporaryDirectory(dir=builder.folder) as temporary:
        folder, port = Path(temporary), free_port()
        bundle(folder, root, config, user, port)
        container = Container(f"candidate-triage-{port}", folder, port)
        try:
            give_up = time.monotonic() + SECONDS_TO_START
            while container.ask("/readyz")[0] != 200:
                if container.process.poll() is not None or time.monotonic() > give_up:
                    sys.exit(f"the image's command never got ready\n{container.written.read_text('utf-8')}")
                time.sleep(0.1)
            yield container
        finally:
            subprocess.run([*container.crun, "delete", "--force", container.name], check=False)
            container.process.wait()


def answers(container: Container) -> Iterator[str]:
    """Complain of what it answers: it must be what this checkout answers, byte by byte."""
    for path in ("/livez", "/readyz"):
        if container.ask(path)[0] != 200:
            yield f"{path} is not answered by 200"
    if (status := container.ask("/v1/triage", FACTS)[0]) != 401:
        yield f"without a key it answers {status}"
    here = TestClient(build_app(Settings.model_validate({"api_keys": KEYS})))
    due = here.post("/v1/triage", content=FACTS, headers={"Content-Type": "application/json", "X-API-Key": KEY})
    if container.ask("/v1/triage", FACTS, KEY) != (200, due.content):
        yield "POST /v1/triage is not answered as this checkout answers it"


def looked_at(container: Container, user: str) -> list[str]:
    """Return what is wrong with the process that runs."""
    status, mounts = ((container.proc() / file).read_text("utf-8") for file in ("status", "mountinfo"))
    return what_is_wrong(user, status, mounts)


def check(builder: Builder) -> str:
    """Build and try the image; return in a line what it is."""
    base = builder.base()
    name = builder.build(base)
    config = json.loads(builder("inspect", "--type", "image", name))["Docker"]["config"]
    user = config.get("User", "")
    root = builder("mount", builder("from", "--pull-never", name))
    wrong = []
    with running(builder, root, config, user) as container:
        wrong += [*looked_at(container, user), *answers(container)]
        kind, *health = config["Healthcheck"]["Test"]
        if kind != "CMD" or subprocess.run([*container.crun, "exec", container.name, *health], check=False).returncode:
            wrong.append("its health check does not pass")
        begun = time.monotonic()
        container.call("kill", container.name, "TERM")
        if code := container.process.wait(DRAIN_SECONDS + 5):
            wrong.append(f"SIGTERM ends it with exit code {code}")
        ended = time.monotonic() - begun
    with running(builder, root, config, "") as as_root:
        if "it runs as root" not in looked_at(as_root, ""):
            wrong.append("the same image as root is not noticed")
    packages = Path(root).glob("opt/triage/lib/*/site-packages/*.dist-info")
    found = [path.name.removesuffix(".dist-info") for path in packages]
    wrong += [f"{package} is not in the SBOM" for package in not_listed(found, SBOM.read_text("utf-8"))]
    if wrong:
        sys.exit("; ".join(wrong))
    sizes = builder.sizes()
    size, below = (next(size for image, size in sizes.items() if what in image) for what in (name, base))
    return (
        f"{size} on a base of {below} (Debian {DEBIAN}); user {user}, read-only, no capability, answers as here; "
        f"exit code 0 at SIGTERM after {ended:.1f} s; {len(found)} Python packages, all in the SBOM; root is noticed"
    )


def main() -> None:
    """Build, run, ask, end."""
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        builder = Builder(Path(folder))
        try:
            line = check(builder)
        finally:
            builder("umount", "--all")
            builder("rm", "--all")
    print(line)


if __name__ == "__main__":
    main()
