"""The browser that pages are tried in: Debian's Chromium that shows no window, else the whole one."""

import shutil

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The same engine either way: without windows and their profiles, it takes a third of the time less."""
OPTIONS = ["--no-sandbox", "--disable-gpu"]
HOW = "install Debian's chromium-headless-shell"
