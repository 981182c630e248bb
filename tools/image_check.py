"""Go through the Dockerfile where there is no Docker: the same instructions, in a temporary folder.

Each absolute path of the image becomes a path below that folder, the base image is a fresh virtual
environment of the Python at hand, and a stage sees nothing of another but what it copies. At the end the
image's command runs until its health check passes, and must have written nothing.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 60


class Image:
    """The folder that stands for the image, and what the instructions have said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "image"
        self.stages: dict[str, Path] = {}
        self.stage = ""
        self.environment: dict[str, str] = {}
        self.workdir = self.root
        self.health: list[str] = []
        self.command: list[str] = []
        ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
        self.context = {line[1:] for line in ignored if line.startswith("!")}

    def below(self, text: str) -> str:
        """Move the image's own absolute paths below its folder."""
        return re.sub(r"(?<![\w./])/(?=(?:opt|src)\b)", f"{self.root}/", text)

    def start_stage(self, name: str) -> None:
        """Put the last stage away and begin with a fresh base image."""
        if self.root.exists():
            self.stages[self.stage] = self.root.rename(self.folder / f"stage-{self.stage}")
        self.root.mkdir()
        self.stage, self.workdir = name, self.root
        base = self.folder / f"base-{len(self.stages)}"
        subprocess.run([sys.executable, "-m", "venv", base], check=True)
        passed = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        self.environment = {
            **passed,
            "PIP_QUIET": "1",
            "PATH": f"{base}/bin:/usr/bin:/bin",
            "HOME": str(self.root),
        }

    def copy(self, *arguments: str) -> None:
        """Copy from the checkout, where .dockerignore lets it, or from an earlier stage."""
        *sources, target = (argument for argument in arguments if not argument.startswith("--"))
        earlier = next((a.removeprefix("--from=") for a in arguments if a.startswith("--from=")), None)
        to = self.root / target.lstrip("/") if target.startswith("/") else self.workdir / target
        for source in sources:
            if earlier is None and source not in self.context:
                sys.exit(f"the Dockerfile copies {source}, which .dockerignore keeps out")
            path = ROOT / source if earlier is None else self.stages[earlier] / source.lstrip("/")
            if path.is_dir():
                ignore = shutil.ignore_patterns("__pycache__") if earlier is None else None
                shutil.copytree(path, to, symlinks=True, ignore=ignore)
            else:
                shutil.copy2(path, to)

    def follow(self, instruction: str, rest: str) -> None:
        """Do what one instruction says."""
        match instruction:
            case "FROM":
                self.start_stage(rest.partition(" AS ")[2] or "final")
            case "ENV":
                for pair in shlex.split(rest):
                    name, _, value = pair.partition("=")
                    self.environment[name] = self.below(value).replace("$PATH", self.environment["PATH"])
            case "WORKDIR":
                self.workdir = self.root / rest.lstrip("/")
                self.workdir.mkdir(parents=True)
            case "COPY":
                self.copy(*shlex.split(rest))
            case "RUN":
                subprocess.run(["/bin/sh", "-ec", self.below(rest)], cwd=self.workdir, env=self.environment, check=True)
            case "HEALTHCHECK":
                self.health = json.loads(rest.partition("CMD ")[2])
            case "CMD":
                self.command = json.loads(rest)
            case "USER" | "EXPOSE":
                pass
            case _:
                sys.exit(f"{instruction} is not known here; teach it to tools/image_check.py")

    def start(self) -> None:
        """Run the command on a free port of the loopback until the health check passes."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        path = self.environment["PATH"]
        command = ["127.0.0.1" if word == "0.0.0.0" else word for word in self.command]
        command[0] = shutil.which(command[0], path=path) or sys.exit(f"{command[0]} was not installed")
        health = list(self.health)
        health[0] = shutil.which(health[0], path=path) or sys.exit(f"{health[0]} was not installed")
        environment = {**self.environment, "TRIAGE_PORT": port}
        before = set(self.root.rglob("*"))
        with subprocess.Popen(command, cwd=self.root, env=environment) as server:
            try:
                give_up = time.monotonic() + SECONDS_TO_START
                while subprocess.run(health, env=environment, capture_output=True).returncode:
                    if server.poll() is not None or time.monotonic() > give_up:
                        sys.exit("the image's command never became healthy")
                    time.sleep(0.2)
            finally:
                server.terminate()
        if written := set(self.root.rglob("*")) - before:
            sys.exit(f"the service wrote {sorted(map(str, written))}; the image is to run read-only")


def instructions() -> Iterator[tuple[str, str]]:
    """Read the Dockerfile: the word of each instruction and what follows it."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            yield instruction, " ".join(rest.split())


def main() -> None:
    """Build and start."""
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        image = Image(Path(folder).resolve())
        for instruction, rest in instructions():
            print(f"{instruction} {rest}", flush=True)
            image.follow(instruction, rest)
        image.start()
    print("Every step of the Dockerfile works, and the image's command becomes healthy and writes nothing.")


if __name__ == "__main__":
    main()
