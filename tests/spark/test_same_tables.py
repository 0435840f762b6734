"""Spark gives the rows that the default engine gives, also where they change between two loads."""

import random
import shutil

import pytest

from shopstream.config import Settings
from shopstream.published import read_published
from shopstream.run.against import compared, differences, unequal
from tests.campaigns.schedules import draw_side_by_side
from tests.dbt.test_unit_tests import broken, statuses
from tests.engine.test_input_kinds import all_files
from tests.helpers.warehouse import Warehouse, put_files

SPARK, SAIL = "embedded", "sail"


def build(warehouse: Warehouse, target: str, *options: str) -> None:
    """Build on an engine; a refused file is no failure."""
    ran = warehouse.run("shopstream", "build", *options, DBT_TARGET=target)
    assert ran.returncode in (0, 3), ran.stdout


def differing(first: Warehouse, second: Warehouse) -> dict[str, str]:
    """Published tables that two warehouses do not hold alike, with what differs first."""
    ours, theirs = (each.root / "warehouse" for each in (first, second))
    published = read_published(ours)
    assert len(compared(published)) > 10
    return unequal(ours, published, theirs)


def test_every_unit_and_data_test_of_dbt_passes_on_spark(tmp_path):
    results = statuses(Warehouse(tmp_path), DBT_TARGET=SPARK)
    assert any(name.startswith("unit_test.") for name in results)
    assert broken(results) == {}


def test_spark_builds_from_nothing_what_the_default_engine_built_in_two_loads(daily):
    root = daily.root
    settings = Settings(
        landing=daily.landing,
        warehouse=root / "warehouse",
        sample=root / "sample",
        logs=root / "logs",
        target=root / "target",
    )
    assert len(compared(read_published(settings.warehouse))) > 40
    assert differences(settings, SPARK) == {}


def test_a_late_file_gives_the_same_on_either_engine(tmp_path, daily):
    """Half of a day once more under other users, so that old dates change."""
    lines = sorted(daily.landing.glob("*.csv"))[4].read_text().splitlines()
    late = [lines[0], *(line.replace(",5", ",6") for line in lines[1::2])]
    loaded = {}
    for target in (SPARK, SAIL):
        loaded[target] = Warehouse(tmp_path / target)
        shutil.copytree(daily.root, loaded[target].root)
        (loaded[target].landing / "late.csv").write_text("\n".join(late) + "\n")
        build(loaded[target], target)
    assert differing(*loaded.values()) == {}
    assert loaded[SPARK].differences_from_oracle() == {}


@pytest.mark.parametrize("first_engine", [SPARK, SAIL])
def test_ten_schedules_in_which_the_engine_changes_give_what_one_gives(tmp_path, first_engine):
    changing, steady = Warehouse(tmp_path / "changing"), Warehouse(tmp_path / "steady")
    engines = [SPARK, SAIL] if first_engine == SPARK else [SAIL, SPARK]
    for number, load in enumerate(draw_side_by_side(10 if first_engine == SPARK else 20)):
        for each in (changing, steady):
            put_files(each.landing, load.files)
        build(changing, engines[number % 2], "--core")
    build(steady, SAIL, "--core")
    assert differing(changing, steady) == {}


def test_every_kind_of_input_and_the_real_rows_end_alike(tmp_path, real_rows):
    by = {target: Warehouse(tmp_path / target) for target in (SPARK, SAIL)}
    files = all_files(random.Random(5)) | {f.name: f.read_bytes() for f in real_rows.glob("*.csv")}
    for target, warehouse in by.items():
        put_files(warehouse.landing, files)
        build(warehouse, target)
    assert differing(*by.values()) == {}
