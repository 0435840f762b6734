"""Folders of any name, to the commands that read and write them."""

import os

from tests.helpers.warehouse import Warehouse

ODD = "a'b\"c{d}[e] f\N{LATIN SMALL LETTER U WITH DIAERESIS}"
ROWS = "event_time,event_type,product_id,user_id\n2019-10-01 10:00:00,view,1,7\n"


def test_all_other_folders_may_have_any_name_under_any_locale(tmp_path):
    warehouse = Warehouse(tmp_path)
    odd = {
        name: str(tmp_path / variable / ODD)
        for name, variable in [
            ("SHOPSTREAM_LANDING", "landing"),
            ("SHOPSTREAM_LOGS", "logs"),
            ("DBT_TARGET_PATH", "target"),
        ]
    }
    os.makedirs(odd["SHOPSTREAM_LANDING"])
    (tmp_path / "landing" / ODD / f"{ODD}.csv").write_text(ROWS)
    ran = warehouse.run("shopstream", "land", LC_ALL="C", **odd)
    assert ran.returncode == 0 and "Landed 1 new file, 1 rows" in ran.stdout, ran.stdout
    ran = warehouse.run("dbt", "parse", "--target", "sail", LC_ALL="C", **odd)
    assert ran.returncode == 0 and os.listdir(odd["DBT_TARGET_PATH"]), ran.stdout


def test_dbt_by_hand_refuses_such_a_warehouse_too(tmp_path):
    there = {"SHOPSTREAM_WAREHOUSE": str(tmp_path / "a b")}
    ran = Warehouse(tmp_path).run("dbt", "run", "-s", "stg_landed_rows", "-t", "sail", **there)
    assert ran.returncode != 0 and "a path that sail takes for another" in ran.stdout


def test_a_build_refuses_it_at_once_under_any_locale(tmp_path):
    there = {"SHOPSTREAM_WAREHOUSE": str(tmp_path / ODD[-1])}
    warehouse = Warehouse(tmp_path)
    ran = warehouse.run("shopstream", "build", LC_ALL="C", **there)
    assert ran.returncode == 2 and not (tmp_path / ODD[-1]).exists()
    assert f"has {ODD[-1]!r} in it: Sail would write to another folder. Choose" in ran.stdout
