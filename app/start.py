"""The command `triage`, imported without garbage collection."""

import gc
from importlib import import_module


def main() -> None:
    """Run the command line."""
    gc.disable()
    command_line = import_module("app.cli")
    gc.enable()
    command_line.cli()
