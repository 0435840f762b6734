"""The stand-in for dbt-labs/dbt_utils (packages/dbt_utils) does what the real package does.

A small dbt project uses every macro of the package on Spark; its results must equal the ones
written here. SHOPSTREAM_DBT_UTILS names another package to test, a copy of the real one:

    SHOPSTREAM_DBT_UTILS=/tmp/dbt-utils python -m pytest tests/spark/test_dbt_utils_standin.py

All of it is one process, hence one JVM, and needs no Delta jars.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
STANDIN = ROOT / "packages" / "dbt_utils"
PACKAGE = (ROOT / os.environ.get("SHOPSTREAM_DBT_UTILS", STANDIN)).resolve()
ERROR = "error"

# ---------------------------------------------------------------- input: a view each


def values(columns, rows):
    return f"select * from values {rows} as t({columns})"


INPUT = {
    "nothing": "select 1 as n where false",
    "pairs": values("n, s", "(1, 'a'), (1, 'b'), (1, 'a'), (2, null), (2, null), (3, null)"),
    "numbers": values("n, least_n", "(1, 0), (5, 5), (10, 20), (null, 0)"),
    "touching": values("low, high", "(0, 5), (5, 10), (10, 12)"),
    "apart": values("low, high", "(0, 5), (6, 10)"),
    "overlapping": values("low, high", "(0, 6), (5, 10), (10, 12)"),
    "pointlike": values("low, high", "(0, 5), (5, 5), (5, 9)"),
    "reversed": values("low, high", "(5, 0), (6, 7)"),
    "unbounded": values("low, high", "(null, 1), (2, null), (3, 4), (5, null)"),
    "twice": values("low, high", "(0, 5), (5, 9), (5, 9)"),
    "by_group": values(
        "g, h, low, high",
        "('a', 1, 0, 5), ('a', 1, 5, 9), ('b', 1, 0, 6), ('b', 1, 5, 9), ('b', 2, 3, 4)",
    ),
}

# ---------------------------------------------------------------- generic tests
# name | model or model.column | failures | arguments | config

CASES = """

unique_combination_of_columns: one failure per repeated combination, nulls are equal
  combination_repeated | pairs | 2 | combination_of_columns: [n, s]
  combination_expression | pairs | 1 | combination_of_columns: [n % 1, '''x''']
  combination_unique | numbers | 0 | combination_of_columns: [n, least_n]
  combination_where | pairs | 1 | combination_of_columns: [n, s] | where: n = 2
  combination_empty | nothing | 0 | combination_of_columns: [n]

expression_is_true: null is not false
  expression_true | numbers | 0 | expression: n + 0 >= 1
  expression_false | numbers | 2 | expression: n > 5
  expression_or | numbers | 1 | expression: n = 1 or n = 5
  expression_of_column | numbers.n | 1 | expression: <= 5
  expression_of_column_null | numbers.n | 1 | expression: is not null
  expression_where | numbers.n | 0 | expression: is not null | where: n is not null
  expression_stored | numbers | 1 | expression: n < 10 | store_failures: true

mutually_exclusive_ranges:
  ranges_touch | touching | 0 |
  ranges_touch_no_gaps | touching | 0 | gaps: not_allowed
  ranges_touch_gaps_required | touching | 2 | gaps: required
  ranges_apart | apart | 0 |
  ranges_apart_no_gaps | apart | 1 | gaps: not_allowed
  ranges_apart_gaps_required | apart | 0 | gaps: required
  ranges_overlap | overlapping | 1 |
  ranges_empty | pointlike | 1 |
  ranges_empty_allowed | pointlike | 0 | zero_length_range_allowed: true
  ranges_reversed | reversed | 1 | zero_length_range_allowed: true
  ranges_null | unbounded | 3 |
  ranges_open_end | unbounded | 0 | upper_bound_column: 'coalesce(high, low + 1)' | where: low > 1
  ranges_twice | twice | 2 |
  ranges_by_group | by_group | 1 | partition_by: 'concat(g, h)'
  ranges_ungrouped | by_group | 4 |
"""

# what a test is given unless its line says otherwise
USUAL = {
    "mutually_exclusive_ranges": {"lower_bound_column": "low", "upper_bound_column": "high"},
}


def parse(text):
    cases, test = {}, None
    for line in text.strip().splitlines():
        if line.startswith("  "):
            name, where, failures, *more = (part.strip() for part in line.split(" |"))
            arguments, config = (yaml.safe_load("{" + part + "}") for part in (more + ["", ""])[:2])
            model, _, column = where.partition(".")
            cases[name] = dict(
                model=model,
                column=column,
                test=test,
                arguments=USUAL.get(test, {}) | arguments,
                config=config,
                failures=failures,
            )
        elif line:
            test = line.partition(":")[0]
    return cases


CASES = parse(CASES)

# an argument that dbt refuses as soon as it parses: a project each, and what its message says
REFUSED = {
    "mutually_exclusive_ranges: gaps\n  refused | a | error | gaps: sometimes": "sometimes",
    "expression_is_true: unknown\n  refused | a.n | error | minimum: 1": "minimum",
}

# ---------------------------------------------------------------- the run

RUN = """
import json
from pathlib import Path
from dbt.cli.main import dbtRunner

here = Path.cwd()

def dbt(project, *args):
    print("dbt", *args, project, flush=True)
    folders = ["--project-dir", str(here / project), "--profiles-dir", str(here)]
    return dbtRunner().invoke([*args, *folders])

assert dbt("probe", "deps").success
parsed = dbt("probe", "parse")
assert parsed.success, parsed.exception
out = {"macros": [], "refused": {}, "nodes": {}, "rows": {}}
for m in parsed.result.macros.values():
    if m.package_name == "dbt_utils":
        arguments = [a.name for a in m.arguments]
        out["macros"].append([m.name, m.macro_sql, m.description, arguments])
for project in sorted(here.glob("refused_*")):
    run = dbt(project.name, "parse")
    out["refused"][project.name] = "accepted" if run.success else str(run.exception)
# not one build, which skips what stands behind a failed test
for result in [*dbt("probe", "run").result, *dbt("probe", "test").result]:
    node = dict(status=str(result.status), failures=result.failures, message=result.message)
    out["nodes"][result.node.name] = node

from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
done = [n for n, node in out["nodes"].items() if node["status"] == "success"]
tables = {n: "probe." + n for n in done if n.startswith("m_")}
tables["stored"] = "probe_dbt_test__audit.expression_stored"
for name, table in tables.items():
    df = spark.table(table)
    rows = sorted([str(v) for v in row] for row in df.collect())
    out["rows"][name] = dict(columns=[" ".join(c) for c in df.dtypes], rows=rows)
Path("results.json").write_text(json.dumps(out, indent=1))
spark.stop()
"""


def schema_file(cases):
    models = {}
    for name, c in cases.items():
        model = models.setdefault(c["model"], {"name": c["model"], "columns": {}})
        place = model
        if c["column"]:
            place = model["columns"].setdefault(c["column"], {"name": c["column"]})
        settings = {"name": name, "arguments": c["arguments"], "config": c["config"]}
        place.setdefault("data_tests", []).append({"dbt_utils." + c["test"]: settings})
    for model in models.values():
        model["columns"] = list(model["columns"].values())
    return json.dumps({"version": 2, "models": list(models.values())}, indent=1)


def write_project(folder, models, cases):
    """A dbt project; its yml files are JSON, which is YAML too."""
    project = {
        "name": "probe",
        "version": "1.0.0",
        "config-version": 2,
        "profile": "probe",
        "packages-install-path": str(folder.parent / "probe" / "dbt_packages"),
        "flags": {"send_anonymous_usage_stats": False, "use_colors": False},
        "models": {"probe": {"+materialized": "view"}},
        "data_tests": {"probe": {"+file_format": "parquet"}},
    }
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(json.dumps(project))
    (folder / "packages.yml").write_text(json.dumps({"packages": [{"local": str(PACKAGE)}]}))
    (folder / "models" / "tests.yml").write_text(schema_file(cases))
    for name, sql in models.items():
        (folder / "models" / f"{name}.sql").write_text(sql)


def write_all(folder):
    write_project(folder / "probe", INPUT, CASES)
    for n, text in enumerate(REFUSED):
        write_project(folder / f"refused_{n}", {"a": "select 1 as n, 2 as m"}, parse(text))
    spark = {
        "spark.master": "local[1]",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -XX:TieredStopAtLevel=1",
        "spark.ui.enabled": "false",
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",  # starts faster than Derby
        "spark.sql.legacy.createHiveTableByDefault": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        # a handful of rows: to generate and compile Java for each query costs more than it gains
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
    }
    target = {"type": "spark", "method": "session", "host": "NA", "schema": "probe", "threads": 2}
    profile = {"target": "t", "outputs": {"t": target | {"server_side_parameters": spark}}}
    (folder / "profiles.yml").write_text(json.dumps({"probe": profile}))
    (folder / "run.py").write_text(RUN)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dbt_utils")
    write_all(folder)
    ours = ("DBT_", "SPARK_", "PYSPARK_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"TZ": "UTC", "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    log = folder / "run.log"
    with log.open("w") as out:
        command = [sys.executable, "run.py"]
        done = subprocess.run(command, cwd=folder, env=env, stdout=out, stderr=out, timeout=600)
    assert done.returncode == 0, f"{log}:\n{log.read_text()[-6000:]}"
    return json.loads((folder / "results.json").read_text())


# ---------------------------------------------------------------- the tests


@pytest.mark.parametrize("name", CASES)
def test_generic_test_counts_failures(results, name):
    expected, node = int(CASES[name]["failures"]), results["nodes"][name]
    assert (node["status"], node["failures"]) == ("fail" if expected else "pass", expected)


def test_stored_failures_hold_the_whole_row(results):
    expected = {"columns": ["n int", "least_n int"], "rows": [["10", "20"]]}
    assert results["rows"]["stored"] == expected


def test_wrong_arguments_are_refused(results):
    for n, word in enumerate(REFUSED.values()):
        message = results["refused"][f"refused_{n}"]
        assert message != "accepted" and word in message


@pytest.mark.skipif(PACKAGE != STANDIN, reason="a rule of the stand-in only")
def test_each_macro_is_documented_and_dispatched(results):
    """The yml has the arguments that the SQL has, the README names the macro, a project can
    override it."""
    readme = (STANDIN / "README.md").read_text()
    for name, sql, description, arguments in results["macros"]:
        if name.startswith("default__"):
            continue
        assert description, name
        signature = re.search(r"\{% (?:macro|test) \w+\((.*?)\) %\}", sql).group(1)
        assert arguments == re.findall(r"(\w+)(?:=[^,]+)?(?:, |$)", signature)
        assert f"adapter.dispatch('{name}', 'dbt_utils')" in sql
        assert f"| `{name.removeprefix('test_')}` |" in readme


@pytest.mark.skipif(PACKAGE != STANDIN, reason="a rule of the stand-in only")
def test_each_macro_is_tried(results):
    tried = {"test_" + c["test"] for c in CASES.values()}
    assert tried == {name for name, *_ in results["macros"] if not name.startswith("default__")}
