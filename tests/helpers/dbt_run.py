"""What dbt writes of a run, made up."""

import json
from pathlib import Path
from uuid import uuid4

from shopstream.warehouse import artifacts

OURS = {artifacts.NAME: artifacts.THIS_PROCESS}


def dbt_wrote(target: Path, results: list[dict], nodes: dict | None = None, env=OURS) -> None:
    """Results and manifest of a run of dbt in a process that has these variables."""
    target.mkdir(exist_ok=True)
    metadata = {"env": env, "invocation_id": str(uuid4())}
    for name, said in (("run_results", {"results": results}), ("manifest", {"nodes": nodes or {}})):
        (target / f"{name}.json").write_text(json.dumps({"metadata": metadata, **said}))
