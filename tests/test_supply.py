"""What is shipped is listed and looked up: the commands behind `make sbom` and `make audit`, without the network."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from functools import reduce
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LOCKED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;]+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
LOCKS = {f"requirements{part}.txt" for part in ("", "-cohort", "-build", "-dev", "-bench", "-clients", "-pages")}
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def recipe(target: str, *variables: str) -> list[str]:
    """Return what `make` would run for a target, and nothing of what it would install before."""
    installed = ".venv/.installed-dev"
    command = ["make", "--dry-run", "--no-print-directory", f"--old-file={installed}", target, f"BIN={BIN}", *variables]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return said.stdout.replace("\\\n", " ").splitlines()


def made(folder: Path, lock: str) -> bytes:
    """Return the list that `make sbom` makes of a lock, in a folder of its own."""
    (folder / "requirements.txt").write_text(lock, encoding="utf-8")
    for name in ("pyproject.toml", "requirements-pages.txt"):
        shutil.copy(ROOT / name, folder)
    for line in recipe("sbom"):
        done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return (folder / "dist" / "sbom.cdx.json").read_bytes()


def lock_text(name: str = "requirements.txt") -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def locked(lock: str) -> dict[str, str]:
    """Return the packages of a lock with their versions."""
    return dict(LOCKED.findall(lock))


def installed_here(lock: str) -> set[tuple[str, str]]:
    """Return the packages of a lock that are for this system and this Python, with their versions."""
    entries = [Requirement(line.rstrip("\\ ")) for line in lock.splitlines() if LOCKED.match(line)]
    here = [entry for entry in entries if entry.marker is None or entry.marker.evaluate()]
    return {(entry.name, str(entry.specifier).removeprefix("==")) for entry in here}


def listed(sbom: bytes) -> dict[str, str]:
    """Return the packages of a list with their versions."""
    return {component["name"]: component["version"] for component in json.loads(sbom)["components"]}


def without(lock: str, name: str) -> str:
    """Return a lock without one of its packages."""
    entries = re.split(r"(?m)^(?=[a-z0-9])", lock)
    return "".join(entry for entry in entries if not entry.startswith(f"{name}=="))


def complaint(sbom: bytes) -> Any:
    """Return what the schema of CycloneDX says against a list, if anything."""
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.decode())


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The list of what runs."""
    return made(tmp_path_factory.mktemp("sbom"), lock_text())


@needs_make
def test_the_list_holds_every_locked_package_at_its_version_and_no_other(sbom: bytes) -> None:
    assert len(locked(lock_text())) == len(re.findall(r"^[^#\s]", lock_text(), re.MULTILINE)) > 30
    assert listed(sbom) == locked(lock_text()) | locked(lock_text("requirements-pages.txt"))


@needs_make
def test_the_list_of_a_lock_that_lacks_packages_lacks_them_too(tmp_path: Path) -> None:
    lacking = ("cryptography", "cffi", "uvloop")
    short = listed(made(tmp_path, reduce(without, lacking, lock_text())))
    assert set(locked(lock_text())) - set(short) == set(lacking)


@needs_make
def test_each_package_is_named_for_scanners_and_has_the_hashes_of_the_lock(sbom: bytes) -> None:
    lock = lock_text() + lock_text("requirements-pages.txt")
    entries = {match[1]: match for match in LOCKED.finditer(lock)}
    for component in json.loads(sbom)["components"]:
        name, version = component["name"], component["version"]
        assert component["type"] == "library"
        assert component["purl"] == f"pkg:pypi/{name}@{version}"
        rest = lock[entries[name].end() :]
        following = LOCKED.search(rest)
        expected = set(HASH.findall(rest[: following.start()] if following else rest))
        (reference,) = component["externalReferences"]
        assert {found["content"] for found in reference["hashes"]} == expected != set()


@needs_make
def test_the_list_says_what_it_is_a_list_of(sbom: bytes) -> None:
    about = json.loads(sbom)["metadata"]["component"]
    assert (about["name"], about["type"]) == ("candidate-triage", "application")
    assert f'version = "{about["version"]}"' in lock_text("pyproject.toml")
    assert [given["license"]["id"] for given in about["licenses"]] == ["MIT"]


@needs_make
def test_the_list_is_valid_cyclonedx(sbom: bytes) -> None:
    assert complaint(sbom) is None
    for member, wrong in (("components", {}), ("bomFormat", "SPDX"), ("colour", "red")):
        assert complaint(json.dumps(json.loads(sbom) | {member: wrong}).encode()) is not None


@needs_make
@pytest.mark.long
def test_the_list_is_the_same_each_time(sbom: bytes, tmp_path: Path) -> None:
    assert made(tmp_path, lock_text()) == sbom
    assert str(tmp_path.parent).encode() not in sbom
    assert b"timestamp" not in sbom


@needs_make
def test_every_lock_is_audited_strictly_and_by_its_hashes() -> None:
    commands = [words for line in recipe("audit") if "pip-audit" in (words := shlex.split(line))[0]]
    given = [words[place + 1] for words in commands for place, word in enumerate(words) if word == "-r"]
    assert set(given) == LOCKS == {path.name for path in ROOT.glob("requirements*.txt")}
    for words in commands:
        # what the service does not know is passed over with exit code 0 unless it is told to be strict
        assert {"--require-hashes", "--disable-pip", "--strict"} <= set(words)
        assert not [word for word in words if word.startswith("--ignore")]


class Known(BaseHTTPRequestHandler):
    """A service that knows vulnerabilities, and answers as OSV does."""

    vulnerable: ClassVar[set[str]] = set()
    asked: ClassVar[set[tuple[str, str]]] = set()

    def do_POST(self) -> None:
        """Answer for one version of one package."""
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = query["package"]["name"]
        self.asked.add((name, query["version"]))
        affected = [{"package": query["package"], "ranges": [], "versions": [query["version"]]}]
        known = [{"id": "TEST-1", "summary": "for the test", "affected": affected}] if name in self.vulnerable else []
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"vulns": known} if known else {}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing down."""


@needs_make
@pytest.mark.parametrize("vulnerable", [set(), {"uvicorn", "hypothesis"}], ids=["none", "two"])
def test_an_audit_looks_up_every_locked_package_and_fails_for_vulnerable_ones(
    vulnerable: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Known, "vulnerable", vulnerable)
    monkeypatch.setattr(Known, "asked", set())
    with HTTPServer(("127.0.0.1", 0), Known) as service:
        thread = Thread(target=service.serve_forever)
        thread.start()
        try:
            (line,) = recipe("audit", f"OSV=http://127.0.0.1:{service.server_port}")
            done = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True)
        finally:
            service.shutdown()
            thread.join()
    assert Known.asked == set().union(*(installed_here(lock_text(name)) for name in LOCKS))
    assert done.returncode == (1 if vulnerable else 0), done.stderr
    assert set(re.findall(r"(?m)^(\S+) .*TEST-1", done.stdout)) == vulnerable


@needs_make
@pytest.mark.parametrize("target", ["sbom", "audit"])
def test_help_names_the_target(target: str) -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert f"make {target} " in said.stdout


MARKER = re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE)


def test_no_file_holds_what_a_merge_left_open() -> None:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = {name: (ROOT / name).read_bytes().decode("utf-8", "replace") for name in names.split("\0") if name}
    assert [name for name, text in texts.items() if MARKER.search(text)] == []
    assert MARKER.search("one\n" + "<" * 7 + " HEAD\n")


@pytest.mark.parametrize("folder", ["tests/node", "tools/peers/node"])
def test_every_package_of_node_is_locked_by_its_hash_and_from_any_mirror(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name and not package.get("inBundle")}
    assert len(packages) > 1
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
