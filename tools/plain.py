"""Any ASGI application on the server of `triage serve`, with its settings: `python -m tools.plain MODULE:NAME PORT`."""

import sys
from importlib import import_module
from types import SimpleNamespace

from app.serve import run
from app.settings import Settings

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    app = getattr(import_module(module), name)
    app.state = SimpleNamespace(access_log=SimpleNamespace(metrics=None))  # what is read of an application of ours
    run(app, Settings(port=int(sys.argv[2])))
