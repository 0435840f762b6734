"""What dbt wrote of a run of ours, told from what another dbt has written to the folder since."""

import json
from pathlib import Path
from uuid import uuid4

from shopstream.errors import BuildError

# dbt copies variables of this beginning into all that it writes.
KEPT_BY_DBT = "DBT_ENV_CUSTOM_ENV_"
NAME = "STARTED_BY"
THIS_PROCESS = uuid4().hex
MARK = {f"{KEPT_BY_DBT}{NAME}": THIS_PROCESS}


def run(target: Path) -> tuple[list[dict], dict[str, dict]]:
    """Results and nodes of the last dbt of this process. Raises BuildError where they are lost."""
    ran, manifest = _read(target / "run_results.json"), _read(target / "manifest.json")
    # The manifest keeps variables of a run before, but not its number.
    if not _is_ours(ran) or _number(manifest) != _number(ran):
        raise BuildError(
            f"another dbt wrote to {target} while this run ended, so what this one has built is "
            "not known. Readers stay on what was published last. Run it again, and give the other "
            "a folder of its own: DBT_TARGET_PATH"
        )
    return ran["results"], manifest["nodes"]


def results(target: Path) -> list[dict]:
    """What became of each node of that run; nothing where it left no results."""
    ran = _read(target / "run_results.json")
    return ran["results"] if _is_ours(ran) else []


def _is_ours(ran: dict) -> bool:
    return ran["metadata"]["env"].get(NAME) == THIS_PROCESS


def _number(written: dict) -> str:
    return written["metadata"]["invocation_id"]


def _read(file: Path) -> dict:
    """What dbt wrote; of nobody where it is not there, or being written."""
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {"metadata": {"env": {}, "invocation_id": None}}
