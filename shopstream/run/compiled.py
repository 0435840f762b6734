"""What dbt and shopstream write into the target folder, and no more: it may be anybody's."""

import json
import shutil
from pathlib import Path

from shopstream.config import PROJECT
from shopstream.warehouse.lock import TARGET_LOCK

FILES = (
    *("manifest.json", "run_results.json", "catalog.json", "sources.json", "graph.gpickle"),
    *("graph_summary.json", "semantic_manifest.json", "partial_parse.msgpack", "perf_info.json"),
    *("index.html", "static_index.html", "report.html", TARGET_LOCK),
)
# Each has a folder for each package.
FOLDERS = ("compiled", "run")
FAILING_ROWS = "failing_rows"


def remove(target: Path) -> bool:
    """Remove what this project's dbt made in a folder; False where its manifest is not there."""
    names = packages(target / "manifest.json")
    if not names:
        return False
    remove(target / FAILING_ROWS)
    for folder in FOLDERS:
        for name in names:
            shutil.rmtree(target / folder / name, ignore_errors=True)
        remove_if_empty(target / folder)
    for name in FILES:
        (target / name).unlink(missing_ok=True)
    remove_if_empty(target)
    return True


def packages(manifest: Path) -> set[str]:
    """The packages of a manifest of this project; none where it is another's, or cannot be read."""
    try:
        held = json.loads(manifest.read_text())
        if held["metadata"]["project_name"] != "shopstream":
            return set()
        return {node["package_name"] for node in held["nodes"].values()} | {"shopstream"}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def remove_if_empty(folder: Path) -> None:
    """Remove a folder of which nothing is left; never the project's own."""
    if folder != PROJECT and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
