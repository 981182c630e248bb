"""PostgreSQL runs the query as the engine decides: the server of Debian, started here under an unprivileged user."""

import csv
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.cohort.nodes import facts_read
from app.cohort.sql import sql_of
from app.core.engine import Engines
from app.core.rules import Release
from tests.cohort.test_sql import TYPES, WRONG, decided
from tools.population import drawn

pytestmark = pytest.mark.long
NULL = "~"


class Server:
    """A server of its own, reached by a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user:
            shutil.chown(folder, self._user)
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        assert installed, "there is no PostgreSQL: `apt-get install postgresql`"
        self._programs = installed[-1].parent
        self._run("initdb", "--auth=trust", "--username=triage", "--no-sync", "--encoding=UTF8", "--locale=C", "data")
        options = f"-c listen_addresses='' -c jit=off -c fsync=off -k {folder}"
        self._run("pg_ctl", "--pgdata=data", "--wait", "--log=log", "--options", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata=data", "--mode=immediate", "stop")

    def answered(self, release: Release, rows: Sequence[Mapping[str, Any]], query: str) -> list[tuple[Any, ...]]:
        """Return what it makes of candidates by a query, in their order."""
        facts = facts_read(release)
        typed = ", ".join(f'"{name}" {TYPES.get(release.facts[name].kind, "VARCHAR")}' for name in facts)
        values = io.StringIO()
        csv.writer(values, lineterminator="\n").writerows(
            [n, *(row.get(name) for name in facts)] for n, row in enumerate(rows)
        )
        script = (
            f'CREATE TEMPORARY TABLE candidates ("reference" BIGINT, {typed});\n'
            f"COPY candidates FROM STDIN (FORMAT csv);\n{values.getvalue()}\\.\n{query};\n"
        )
        told = ("--no-psqlrc", "--quiet", "--csv", "--tuples-only", f"--pset=null={NULL}", "--set=ON_ERROR_STOP=1")
        printed = self._run("psql", *told, f"--host={self._folder}", "--username=triage", "postgres", text=script)
        found = [[None if word == NULL else word for word in row] for row in csv.reader(io.StringIO(printed))]
        return [
            (disposition, pathway, phase and int(phase), possible, unusable)
            for _, disposition, pathway, phase, possible, unusable in sorted(found, key=lambda row: int(row[0] or 0))
        ]

    def _run(self, program: str, *arguments: str, text: str = "") -> str:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(
            command, cwd=self._folder, input=text, text=True, capture_output=program == "psql", user=self._user
        )
        assert done.returncode == 0, done.stderr
        return done.stdout or ""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # readable to the user it runs as
        server = Server(Path(folder))
        yield server
        server.stop()


@pytest.mark.parametrize("strict", [False, True], ids=["confirm", "strict"])
def test_every_release_decides_alike(engines: Engines, server: Server, strict: bool) -> None:
    for engine in engines.by_id.values():
        rows = [facts for known in (1.0, 0.8, 0.5, 0.0) for facts in drawn(engine.release, 500 if known else 1, known)]
        found = server.answered(engine.release, rows, sql_of(engine.release, "postgres", strict=strict))
        assert found == [decided(engine, each, strict=strict) for each in rows]


@pytest.mark.parametrize("wrong", ["unknown is no", "an assumed value is open"])
def test_a_wrong_query_is_noticed(engines: Engines, server: Server, wrong: str) -> None:
    engine = engines.by_id[engines.current]
    rows = drawn(engine.release, 60, 0.6)
    right = " ".join(sql_of(engine.release, "postgres").replace("(\n", "(").split())
    assert server.answered(engine.release, rows, right) != server.answered(engine.release, rows, WRONG[wrong](right))
