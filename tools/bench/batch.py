"""A batch over HTTP: lines streamed in and answers streamed out, at most as fast as one worker on one core answers.

Two threads send and read at the same time, with the same lines again and again. Memory is read all the while.
"""

import os
import socket
import threading
import time

from tools.bench.aims import beside
from tools.inside import shipped, written
from tools.population import drawn
from tools.serving import Server, serving

CANDIDATES = 20_000
"""Many more than an engine remembers answers of."""
LINES = 1_000_000
AIMS = {"view=decision": 60_000, "view=full": 15_000}
"""Candidates a second and processor."""
READ = 1 << 20


def run() -> None:
    """Measure and print."""
    lines = [written(facts) + b"\n" for facts in drawn(shipped().release, CANDIDATES)]
    cores = sorted(os.sched_getaffinity(0))
    print(f"{'':14} {'lines':>10} {'seconds':>8} {'CPU us':>7} {'MB before':>9} {'most':>6} {'after':>6}  a second")
    for view, least in AIMS.items():
        with serving(core=cores[0]) as server:
            if len(cores) > 1:
                os.sched_setaffinity(0, {cores[1]})
            streamed(server, view, lines, CANDIDATES)
            row, rate = streamed(server, view, lines, LINES)
            print(f"{view:14} {LINES:10,} {row}  {beside(rate, least=least, digits=0)}", flush=True)
            os.sched_setaffinity(0, cores)


def streamed(server: Server, view: str, lines: list[bytes], size: int) -> tuple[str, float]:
    """Send so many lines, read as many answers; return what it took, and answers a second of processor time."""
    before, cpu, begun = server.rss(), server.cpu_seconds(), time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST /v1/triage/batch?{view} HTTP/1.1\r\nhost: here\r\ncontent-type: application/jsonl\r\n"
        length = sum(map(len, lines)) * (size // len(lines)) + sum(map(len, lines[: size % len(lines)]))
        connection.sendall(f"{head}content-length: {length}\r\n\r\n".encode())
        sending = threading.Thread(target=_send, args=(connection, lines, size))
        sending.start()
        answered, most = _read(connection, server, size)
        sending.join()
    took = time.perf_counter() - begun
    if answered != size:
        raise SystemExit(f"{size} lines were sent and {answered} answered")
    microseconds = (server.cpu_seconds() - cpu) / size * 1e6
    after = server.rss()
    sizes = f"{before / 1e6:9.1f} {most / 1e6:6.1f} {after / 1e6:6.1f}"
    return f"{took:8.1f} {microseconds:7.1f} {sizes}", 1e6 / microseconds


def _send(connection: socket.socket, lines: list[bytes], size: int) -> None:
    block = b"".join(lines)
    for _ in range(size // len(lines)):
        connection.sendall(block)
    connection.sendall(b"".join(lines[: size % len(lines)]))


def _read(connection: socket.socket, server: Server, size: int) -> tuple[int, int]:
    """Return how many answers came, and the most memory that was held meanwhile."""
    answered, most, looked = 0, server.rss(), time.monotonic()
    kept = b""
    while answered < size and (data := connection.recv(READ)):
        # every answer ends in `}` and a line end; the sizes of chunks stand in lines of their own
        answered += (kept + data).count(b"}\n")
        kept = b"}" if data.endswith(b"}") else b""
        if time.monotonic() - looked > 1:
            most, looked = max(most, server.rss()), time.monotonic()
    return answered, most
