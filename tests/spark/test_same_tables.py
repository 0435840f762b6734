"""Sail gives the rows that Spark gives, from nothing and in a load on either engine's tables."""

import shutil

import pytest

from shopstream.published import mart_folders, open_table, read_published
from tests.helpers.warehouse import Warehouse

# What they hold differs from build to build: times, seconds, bytes, how many loads there were.
OF_ONE_BUILD = {"builds", "model_runs", "test_results", "late_arrivals"}
OF_ONE_LOAD = {"load_id", "first_load_id", "last_load_id", "loaded_at"}


def rows(warehouse: Warehouse, name: str) -> list[tuple]:
    """All rows of a published table, in order, without what says in which load they came."""
    table = open_table(warehouse.root / "warehouse", name).to_pyarrow_table()
    columns = sorted(set(table.column_names) - OF_ONE_LOAD)
    # Sums of doubles are added up in another order.
    return sorted(
        tuple(f"{value:.9g}" if isinstance(value, float) else str(value) for value in row)
        for row in zip(*(table.column(column).to_pylist() for column in columns), strict=True)
    )


def differing(first: Warehouse, second: Warehouse) -> list[str]:
    """Names of the published tables whose columns, types or rows differ."""
    names = [
        sorted(
            name
            for name in read_published(each.root / "warehouse")["tables"]
            if name.split(".")[1] not in OF_ONE_BUILD
        )
        for each in (first, second)
    ]
    assert names[0] == names[1] and len(names[0]) > 40
    types = [each.column_types for each in (first, second)]
    return [
        name
        for name in names[0]
        if types[0](name.split(".")[1]) != types[1](name.split(".")[1])
        or rows(first, name) != rows(second, name)
    ]


@pytest.fixture(scope="module")
def by_sail(tmp_path_factory, daily) -> Warehouse:
    """The files of `daily`, built from nothing by Sail."""
    warehouse = Warehouse(tmp_path_factory.mktemp("sail"))
    shutil.copytree(daily.landing, warehouse.landing)
    ran = warehouse.run("shopstream", "build", DBT_TARGET="sail")
    assert ran.returncode == 0, ran.stdout
    return warehouse


def test_sail_builds_from_nothing_what_spark_built_in_two_loads(daily, by_sail):
    assert differing(daily, by_sail) == []
    assert by_sail.differences_from_oracle() == {}


def test_a_load_by_sail_is_the_same_on_tables_of_spark_and_of_sail(tmp_path, daily, by_sail):
    """A late file: half of a day once more under other users, so that old dates change."""
    on_spark = Warehouse(tmp_path / "on_spark")
    shutil.copytree(daily.root, on_spark.root)
    file = sorted(daily.landing.glob("*.csv"))[4]
    header, *lines = file.read_text().splitlines()
    late = [line.replace(",5", ",6") for line in lines[::2]]
    for each in (on_spark, by_sail):
        (each.landing / "late.csv").write_text("\n".join([header, *late]) + "\n")
        ran = each.run("shopstream", "build", DBT_TARGET="sail")
        assert ran.returncode == 0, ran.stdout
    assert differing(on_spark, by_sail) == []
    assert on_spark.differences_from_oracle() == {}


def test_sail_builds_the_real_rows(tmp_path, real_rows):
    warehouse = Warehouse(tmp_path)
    warehouse.landing.mkdir()
    shutil.copy(next(real_rows.glob("*.csv")), warehouse.landing)
    ran = warehouse.run("shopstream", "build", DBT_TARGET="sail")
    assert ran.returncode == 0, ran.stdout
    assert warehouse.differences_from_oracle() == {}
    assert mart_folders(warehouse.root / "warehouse")
