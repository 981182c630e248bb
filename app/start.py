"""The command `triage`, imported without garbage collection."""

import gc
import os
import sys
from importlib import import_module
from io import FileIO, TextIOWrapper


def main() -> None:
    """Run the command line."""
    hold_standard_streams()
    gc.disable()
    commands = import_module("app.cli")
    gc.freeze()  # what is imported stays: to look it through once took 60 ms
    gc.enable()
    commands.cli()


def hold_standard_streams() -> None:
    """Take the numbers of standard streams that are closed.

    The next file or socket to be opened would get such a number, and with it what is printed. Output that is closed
    fails when it is written to, which is said as it is of a full disk; Python would drop it without a word.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)
    if sys.stdout is None:
        sys.stdout = TextIOWrapper(FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    if sys.stderr is None:
        sys.stderr = TextIOWrapper(FileIO(2, "w", closefd=False), "utf-8", write_through=True)
