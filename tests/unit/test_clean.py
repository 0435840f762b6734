"""`clean` and the target folder, wherever it is."""

import json

import pytest

from shopstream.errors import SettingsError
from shopstream.run import compiled
from shopstream.warehouse import emptying
from tests.helpers.warehouse import Warehouse

OURS = ("run_results.json", "compiled/shopstream/a.sql", "run/dbt_utils/b.sql", "report.html")


def made_by(project: str, folder) -> None:
    manifest = {
        "metadata": {"project_name": project},
        "nodes": {"n": {"package_name": "dbt_utils"}},
    }
    for name in OURS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_only_what_dbt_made_of_this_project_goes(tmp_path):
    folder = tmp_path / "home"
    made_by("shopstream", folder)
    made_by("shopstream", folder / "failing_rows")
    others = [folder / "run/shop.sh", folder / "compiled/theirs/a.sql", folder / "thesis.txt"]
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text("theirs")
    assert compiled.remove(folder)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(others)


def test_a_folder_of_our_own_goes_whole(tmp_path):
    made_by("shopstream", tmp_path / "target")
    assert compiled.remove(tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("project", ["theirs", None])
def test_the_target_folder_of_another_project_stays(tmp_path, project):
    folder = tmp_path / "target"
    made_by("theirs", folder)
    if project is None:
        (folder / "manifest.json").write_text("[]")
    before = sorted(folder.rglob("*"))
    warehouse = Warehouse(tmp_path)
    ran = warehouse.run("shopstream", "clean", SHOPSTREAM_SAMPLE=str(tmp_path / "sample"))
    assert ran.returncode == 0, ran.stdout
    assert sorted(folder.rglob("*")) == before


def test_files_of_others_in_a_warehouse_stay_and_no_link_is_followed(tmp_path):
    folder, precious = tmp_path / "warehouse/shopstream_core.db", tmp_path / "precious"
    (folder / "dim_users").mkdir(parents=True)
    (folder / "notes.txt").write_text("theirs")
    emptying.empty_warehouse(tmp_path / "warehouse")
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    (precious / "photos").mkdir(parents=True)
    (tmp_path / "warehouse/shopstream_quality.db").symlink_to(precious)
    with pytest.raises(SettingsError, match="shopstream_quality.db is a link"):
        emptying.empty_warehouse(tmp_path / "warehouse")
    assert (precious / "photos").is_dir()
