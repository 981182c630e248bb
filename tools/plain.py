"""Any ASGI application on the server of `triage serve`: `python -m tools.plain MODULE:NAME PORT`."""

import sys
from importlib import import_module

import uvicorn

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    app = getattr(import_module(module), name)
    uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="error")
