"""Every unit test and data test of dbt, by one `dbt build` of two rows."""

import json

import pytest

from tests.helpers.warehouse import Warehouse

ROWS = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,1,2,a.b,acme,1.50,7,s
2019-10-01 00:01:00 UTC,purchase,1,2,a.b,acme,1.50,7,s
"""


def statuses(warehouse: Warehouse, **variables: str) -> dict[str, tuple[str, str]]:
    """Status and message of every node of a build of two rows, by its unique id."""
    warehouse.landing.mkdir()
    (warehouse.landing / "two_rows.csv").write_text(ROWS)
    assert warehouse.run("shopstream", "land").returncode == 0
    warehouse.run("dbt", "build", "--threads", "2", **variables)
    found = json.loads((warehouse.root / "target" / "run_results.json").read_text())["results"]
    return {one["unique_id"]: (one["status"], one["message"]) for one in found}


def broken(statuses: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """What did not pass; of an exposure there is nothing to run."""
    passed = ("pass", "success", "no-op")
    return {name: said for name, said in statuses.items() if said[0] not in passed}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, tuple[str, str]]:
    return statuses(Warehouse(tmp_path_factory.mktemp("unit_tests")))


@pytest.mark.parametrize("kind", ["unit_test", "test", "model", "seed"])
def test_all_of_a_kind_pass(results, kind):
    of_kind = {name: said for name, said in results.items() if name.startswith(f"{kind}.")}
    assert len(of_kind) > 10
    assert broken(of_kind) == {}
