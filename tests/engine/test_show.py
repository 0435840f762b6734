"""`dbt show` answers for every model and analysis, also where a query has a limit of its own."""

import json
import subprocess
import sys

import pytest

from shopstream.sample import generate
from tests.helpers.warehouse import PROJECT, Warehouse

# Many commands in one process: each finds the session of the one before.
INLINE = """
import sys
from dbt.cli.main import dbtRunner
for query in sys.argv[1:]:
    ran = dbtRunner().invoke(["show", "--target", "sail", "--quiet", "--inline", query])
    if not ran.success:
        sys.exit(f"{query}: {ran.exception}")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("show"))
    warehouse.landing.mkdir()
    generate(warehouse.landing, events=20_000, days=3)
    ran = warehouse.run("shopstream", "build", "--no-tests", DBT_TARGET="sail")
    assert ran.returncode == 0, ran.stdout
    return warehouse


def test_every_model_and_analysis_is_shown(built):
    chosen = ("resource_type:model", "resource_type:analysis")
    ran = built.run("dbt", "show", "--target", "sail", "--select", *chosen)
    assert ran.returncode == 0, ran.stdout
    manifest = json.loads((built.root / "target" / "manifest.json").read_text())
    kinds = ("model", "analysis")
    nodes = {name for name, n in manifest["nodes"].items() if n["resource_type"] in kinds}
    results = json.loads((built.root / "target" / "run_results.json").read_text())["results"]
    assert nodes <= {r["unique_id"] for r in results if r["status"] == "success"}


def test_a_query_of_ones_own_is_shown_with_and_without_a_limit(built):
    analyses = [path.read_text() for path in sorted((PROJECT / "analyses").glob("*.sql"))]
    of_each_layer = ["stg_rows", "int_product_days", "fct_events", "row_ledger", "rfm_users"]
    models = [f"select * from {{{{ ref('{name}') }}}} limit 1" for name in of_each_layer]
    ran = subprocess.run(
        [sys.executable, "-c", INLINE, *analyses, *models, "select 1 as n -- one"],
        cwd=PROJECT,
        env=built.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
