"""The dashboard as users get it: served on a free port, and opened in Debian's Chromium."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.warehouse import BIN, PROJECT

# Runs of the page's script, counted in the browser; it stands still when none is under way.
COUNT_RUNS = """
    window.runs = 0;
    window.running = false;
    const look = () => {
        const app = document.querySelector('[data-testid=stApp]');
        const running = app?.getAttribute('data-test-script-state') !== 'notRunning';
        if (window.running && !running) window.runs += 1;
        window.running = running;
    };
    const watch = () => new MutationObserver(look).observe(
        document, {subtree: true, attributes: true, childList: true,
                   attributeFilter: ['data-test-script-state']});
    document.documentElement ? watch() : addEventListener('DOMContentLoaded', watch);
"""
# All that the page holds is drawn: no skeleton, nothing stale, every chart has its drawing. A run
# whose begin and end reach a busy browser together is not counted: it counts after ten seconds.
DRAWN = """(runs) => (window.runs > runs || performance.now() - window.acted > 10000)
    && !window.running
    && document.querySelector('h1')
    && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')
    && [...document.querySelectorAll('.stPlotlyChart')].every(c => c.querySelector('.main-svg'))"""


@contextmanager
def served(warehouse: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """The dashboard, served as `shopstream dashboard` serves it: its address and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(BIN / "shopstream"), "dashboard", "--port", str(port)],
        cwd=PROJECT,
        env={**os.environ, "SHOPSTREAM_WAREHOUSE": str(warehouse)},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.25)
        else:
            raise RuntimeError("the dashboard did not start")
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.terminate()
        server.wait(20)


def chromium_path() -> str:
    """Where Chromium is."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        raise RuntimeError("no Chromium here; install it with: sudo apt install chromium")
    return path
