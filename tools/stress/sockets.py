"""Which process holds which connection, as Linux tells it; and how many files this process may hold."""

import os
import resource
from pathlib import Path

ESTABLISHED = "01"
CLOSE_WAIT = "08"
NOBODYS = "0"
"""The inode of a connection that was not accepted yet."""


def peers(pid: int, port: int) -> set[int]:
    """Return the client ports of the connections that a process holds on a port of the loopback, or nobody yet.

    Each worker of granian listens for itself, so that what waits to be accepted by it ends when it dies.
    """
    held = _inodes(pid) | {NOBODYS}
    found = set()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        words = line.split()
        local, remote, state, inode = words[1], words[2], words[3], words[9]
        if _port(local) == port and state in (ESTABLISHED, CLOSE_WAIT) and inode in held:
            found.add(_port(remote))
    return found


def is_stopped(pid: int) -> bool:
    """Say whether every thread of a process has stopped."""
    told = (thread / "stat" for thread in Path(f"/proc/{pid}/task").iterdir())
    return all(file.read_text("ascii").rpartition(")")[2].split()[0] == "T" for file in told)


def raise_file_limit() -> int:
    """Raise the number of files that this process and its children may hold to the hard limit, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _inodes(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(entry)
        except FileNotFoundError:
            continue
        if name.startswith("socket:["):
            found.add(name[8:-1])
    return found
