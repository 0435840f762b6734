"""dbt by hand, as any dbt user expects: each command in a process, so in a session, of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from deltalake import DeltaTable

from shopstream.bootstrap import JARS, wants_spark
from shopstream.config import named_folders
from shopstream.intake import landing
from tests.helpers.warehouse import BIN, PROJECT, Warehouse

LEFT_OUT = (".git", ".venv", ".jars", "data", "logs", "target", "__pycache__", "state")
HISTORY = "select user_segment, {} as segment_order from {{{{ ref('user_segments') }}}}"
SNAPSHOT = """
{% snapshot {} %}
{{ config(unique_key='user_segment', strategy='check', check_cols='all', file_format='delta'{}) }}
{}
{% endsnapshot %}
"""
# Models, snapshots and seeds that a user might add; one of a schema that is not the project's.
OWN_MODEL = """
{{{{ config(materialized='{}', incremental_strategy='append', group=none, access='public'{}) }}}}
select code, day from {{{{ ref('own') }}}}
"""
OPERATIONS = """
{% macro count_of(name) %}
    {% do log('rows: ' ~ run_query('select count(*) from ' ~ ref(name)).columns[0][0], info=true) %}
{% endmacro %}
{% macro columns_of(name) %}
    {% for column in adapter.get_columns_in_relation(ref(name)) %}
        {% do log('column: ' ~ column.name ~ ' ' ~ column.dtype, info=true) %}
    {% endfor %}
{% endmacro %}
{% macro generate_schema_name(custom_schema_name, node) %}
    {% do return('my_own' if custom_schema_name == 'my_own'
        else target.schema ~ ('_' ~ custom_schema_name if custom_schema_name else '')) %}
{% endmacro %}
"""
OWN_SEED = """\
code,share,is_new,day,made_at,label,end
1,0.5,true,2019-10-01,2019-10-01 10:00:00,it's,007
2,1.25,false,2019-10-02,2019-10-02 11:00:00,b,x
3,,,,,,
"""
HEADER = "event_time,event_type,product_id,price,user_id,user_session\n"
OWN = ["own", "own_rows", "own_table", "own_view", "usual_history", "own_history"]


def snapshot(name: str, more: str, order: str) -> str:
    query = HISTORY.format(order).replace("{{{{", "{{").replace("}}}}", "}}")
    return SNAPSHOT.replace("{}", name, 1).replace("{}", more, 1).replace("{}", query, 1)


class Project:
    """A copy of the project with a user's own additions, and a warehouse of its own."""

    def __init__(self, root: Path, engine: str) -> None:
        self.folder, self.warehouse, self.engine = root / "project", Warehouse(root), engine
        shutil.copytree(PROJECT, self.folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.write("seeds/own.csv", OWN_SEED)
        self.write("macros/own.sql", OPERATIONS)
        self.write("models/own/own_rows.sql", OWN_MODEL.format("incremental", ", schema='my_own'"))
        self.write("models/own/own_table.sql", OWN_MODEL.format("table", ""))
        self.write("models/own/own_view.sql", OWN_MODEL.format("view", ", schema='my_own'"))
        self.write_snapshots("segment_order")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def write_snapshots(self, order: str) -> None:
        self.write("snapshots/usual.sql", snapshot("usual_history", "", order))
        self.write("snapshots/own.sql", snapshot("own_history", ", schema='my_own'", order))

    def dbt(self, *command: str, expect: int = 0, **variables: str) -> str:
        environment = self.warehouse.environment() | {
            "DBT_TARGET": self.engine,
            "SHOPSTREAM_JARS": str(JARS),
            "RUST_LOG": "off",
            **variables,
        }
        ran = subprocess.run(
            [str(BIN / "dbt"), *command],
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert ran.returncode == expect, ran.stdout
        return ran.stdout

    def rows(self, name: str, schema: str = "shopstream") -> int:
        folder = self.warehouse.root / "warehouse" / f"{schema}.db" / name
        return DeltaTable(folder).to_pyarrow_table().num_rows


ON_SPARK = pytest.param(
    "embedded", marks=pytest.mark.skipif(not wants_spark(), reason="DBT_TARGET=embedded runs it")
)


@pytest.fixture(scope="module", params=["sail", ON_SPARK])
def second_session(request, tmp_path_factory) -> Project:
    """All resource types were built, a value changed, and all were built again."""
    project = Project(tmp_path_factory.mktemp("by_hand"), request.param)
    project.dbt("build", "--select", "user_segments", *OWN, "--indirect-selection", "empty")
    project.write_snapshots("segment_order + 1")
    project.dbt("build", "--select", "user_segments", *OWN, "--indirect-selection", "empty")
    return project


def test_a_second_snapshot_keeps_the_history(second_session):
    for name, schema in [("usual_history", "shopstream"), ("own_history", "my_own")]:
        assert second_session.rows(name, schema) == 10, f"{schema}.{name}"


def test_a_second_run_finds_its_table_in_a_schema_of_the_users_own(second_session):
    assert second_session.rows("own_rows", "my_own") == 6
    assert second_session.rows("own_table") == 3


def test_an_own_seed_has_the_types_that_dbt_infers(second_session):
    said = second_session.dbt("run-operation", "columns_of", "--args", "{name: own}")
    assert [line.split("column: ")[1] for line in said.splitlines() if "column: " in line] == [
        "code bigint",
        "share double",
        "is_new boolean",
        "day date",
        "made_at timestamp",
        "label string",
        "end string",
    ]
    seed = second_session.warehouse.root / "warehouse" / "shopstream_seeds.db" / "own"
    first, second, third = DeltaTable(seed).to_pyarrow_table().sort_by("code").to_pylist()
    assert (first["share"], first["is_new"], str(first["day"])) == (0.5, True, "2019-10-01")
    assert (first["label"], first["end"], second["is_new"]) == ("it's", "007", False)
    assert set(third.values()) == {3, None}


@pytest.mark.parametrize(("name", "rows"), [("own", 3), ("own_history", 10), ("own_view", 3)])
def test_an_operation_sees_what_was_built_before(second_session, name, rows):
    said = second_session.dbt("run-operation", "count_of", "--args", f"{{name: {name}}}")
    assert f"rows: {rows}" in said


@pytest.mark.parametrize("name", ["own_rows", "own_view", "usual_history"])
def test_an_inline_query_sees_what_was_built_before(second_session, name):
    query = f"select count(*) as total_rows from {{{{ ref('{name}') }}}}"
    said = second_session.dbt("show", "--output", "json", "--inline", query)
    (held,) = json.loads(said[said.index("{") :])["show"]
    assert held["total_rows"] > 0


def test_from_another_folder_relative_paths_begin_where_the_user_is(second_session, tmp_path):
    """The tables are found by a relative path, and by default in the project's own folder."""
    project, home = second_session.folder, second_session.warehouse.root
    if second_session.engine == "embedded":
        pytest.skip("the paths of a command are the same on either engine")
    inside = project / "data" / "warehouse"
    shutil.copytree(home / "warehouse", inside)
    environment = {name: value for name, value in os.environ.items() if name[:4] != "SHOP"}
    relative = os.path.relpath(project, tmp_path)
    for variables in ({}, {"SHOPSTREAM_WAREHOUSE": os.path.relpath(home / "warehouse", tmp_path)}):
        ran = subprocess.run(
            [BIN / "dbt", "run-operation", "count_of", "--args", "{name: own}", "--target", "sail"]
            + ["--project-dir", relative, "--profiles-dir", relative],
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
        )
        assert "rows: 3" in ran.stdout, ran.stdout
    assert (project / "logs" / "dbt.log").exists()
    assert list(tmp_path.iterdir()) == []
    shutil.rmtree(inside.parent)


def test_a_relative_path_of_any_command_begins_where_the_user_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", "here")
    monkeypatch.setenv("DBT_TARGET_PATH", "../there")
    folders = named_folders()
    assert folders["SHOPSTREAM_WAREHOUSE"] == tmp_path / "here"
    assert folders["DBT_TARGET_PATH"] == tmp_path.parent / "there"


def test_tables_of_another_schema_hold_the_landed_rows_or_dbt_says_what_to_run(tmp_path):
    """Work copies are dropped after a load, so tables made later would be empty, and pass."""
    project = Project(tmp_path, "sail")
    warehouse = tmp_path / "warehouse"
    select = ("run", "--select", "+stg_rows")

    def load(name: str, row: str) -> None:
        (project.warehouse.landing / name).write_text(HEADER + row)
        assert project.warehouse.run("shopstream", "land").returncode == 0
        project.dbt(*select)
        landing.drop_work_copies(warehouse)

    def stops_and_is_told_how() -> None:
        said = project.dbt(*select, expect=1, SHOPSTREAM_SCHEMA="dev")
        assert "lacks the rows of" in said and "shopstream land --again" in said
        assert project.warehouse.run("shopstream", "land", "--again").returncode == 0
        project.dbt(*select, SHOPSTREAM_SCHEMA="dev")
        landing.drop_work_copies(warehouse)

    project.warehouse.landing.mkdir()
    load("a.csv", "2019-10-01 10:00:00,view,1,2.50,7,s1\n")
    stops_and_is_told_how()
    load("b.csv", "2019-10-02 10:00:00,view,1,2.50,7,s2\n")
    stops_and_is_told_how()
    assert project.rows("stg_rows", "dev_staging") == 2
    assert project.rows("stg_rows", "shopstream_staging") == 2
