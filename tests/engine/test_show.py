"""`dbt show` answers for every model and analysis, and what it shows has the types of the docs."""

import json
import re
import subprocess
import sys

import pytest
from deltalake import DeltaTable

from shopstream.sample import generate
from shopstream.warehouse.tables import table_folders
from tests.helpers.warehouse import PROJECT, Warehouse, types_of

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
    warehouse.build("--no-tests")
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


def test_a_query_of_ones_own_is_shown_with_and_without_a_limit(built, tmp_path):
    analyses = [path.read_text() for path in sorted((PROJECT / "analyses").glob("*.sql"))]
    of_each_layer = ["stg_rows", "int_product_days", "fct_events", "row_ledger", "rfm_users"]
    models = [f"select * from {{{{ ref('{name}') }}}} limit 1" for name in of_each_layer]
    # A file: pyspark takes a program of `-c` for one of its own tests.
    (tmp_path / "show.py").write_text(INLINE)
    ran = subprocess.run(
        [sys.executable, tmp_path / "show.py", *analyses, *models, "select 1 as n -- one"],
        cwd=PROJECT,
        env=built.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout


@pytest.fixture(scope="module")
def said(built) -> dict[str, dict[str, str]]:
    """The types that the documentation gives for the columns of each table and view."""
    manifest = json.loads((built.root / "target" / "manifest.json").read_text())
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    return {
        f"{node['schema']}.{node['name']}": {
            column: words["data_type"].removesuffix(" not null")
            for column, words in node["columns"].items()
        }
        for node in nodes
        if node["resource_type"] in ("model", "seed", "source")
    }


def test_tables_have_the_types_that_their_docs_say(built, said):
    folders = table_folders(built.root / "warehouse")
    held = {name: types_of(DeltaTable(folder)) for name, folder in folders.items() if name in said}
    assert {"shopstream_core", "shopstream_staging", "shopstream_seeds"} <= {
        name.split(".")[0] for name in held
    }
    assert held == {name: said[name] for name in held}


def test_columns_that_are_never_null_have_no_nulls(built):
    manifest = json.loads((built.root / "target" / "manifest.json").read_text())
    folders = table_folders(built.root / "warehouse")
    seen, nulls = 0, []
    for node in manifest["nodes"].values():
        folder = folders.get(f"{node['schema']}.{node['name']}")
        never = [
            column["name"]
            for column in node.get("columns", {}).values()
            if re.search("never null", column["description"], re.IGNORECASE)
        ]
        if folder and never:
            table = DeltaTable(folder).to_pyarrow_table(columns=never)
            seen += table.num_rows
            nulls += [(node["name"], name) for name in never if table[name].null_count]
    assert seen and nulls == []


def test_views_have_the_types_that_their_docs_say(built, said):
    tables = table_folders(built.root / "warehouse")
    private = ("shopstream_staging.", "shopstream_intermediate.")
    views = [name for name in said if name.startswith(private) and name not in tables]
    parts = []
    for name in views:
        types = ", ".join(f"'{column}', typeof({column})" for column in said[name])
        # By an outer join, since a view without rows has types, too.
        parts.append(
            f"(select '{name}' as name, to_json(map({types})) as types from (select 1 as one) "
            f"left join {{{{ ref('{name.split('.')[1]}') }}}} on true limit 1)"
        )
    query = f"select * from ({' union all '.join(parts)})"
    options = ("--target", "sail", "--quiet", "--output", "json", "--limit", "-1")
    ran = built.run("dbt", "show", *options, "--inline", query)
    assert ran.returncode == 0, ran.stdout
    shown, _ = json.JSONDecoder().raw_decode(ran.stdout[ran.stdout.index("{") :])
    held = {row["name"]: json.loads(row["types"]) for row in shown["show"]}
    assert held == {name: said[name] for name in views}
