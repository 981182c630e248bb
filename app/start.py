"""The command `triage` begins here: what is imported stays, so that nobody looks for garbage among it meanwhile."""

import gc
from importlib import import_module


def main() -> None:
    """Run the command line."""
    gc.disable()
    command_line = import_module("app.cli")
    gc.enable()
    command_line.cli()
