"""`shopstream docs`: one file, complete without a warehouse, and nothing else is touched."""

import json
import re
from pathlib import Path

import pytest
import yaml
from dbt.task.docs import DOCS_INDEX_FILE_PATH

from shopstream.people.documentation import CATALOGUE, CHANGES, MANIFEST
from tests.helpers.warehouse import PROJECT, Warehouse


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Warehouse:
    """The documentation of a project that has built nothing."""
    warehouse = Warehouse(tmp_path_factory.mktemp("docs"))
    ran = warehouse.run("shopstream", "docs")
    assert ran.returncode == 0, ran.stdout
    return warehouse


@pytest.fixture(scope="module")
def page(written) -> dict:
    """What the page's own script has: dbt's manifest and catalogue."""
    text = (written.root / "target" / "static_index.html").read_text()
    held = {}
    for name in ("manifest", "catalog"):
        _, _, behind = text.partition(f"{name}:{{")
        held[name], _ = json.JSONDecoder().raw_decode("{" + behind)
    return held


def test_what_is_changed_in_the_page_of_dbt_is_in_it():
    theirs = Path(DOCS_INDEX_FILE_PATH).read_text()
    assert [each for each in (*CHANGES, MANIFEST, CATALOGUE) if each not in theirs] == []


def test_only_the_page_is_written(written):
    target = written.root / "target"
    # By the manifest `shopstream clean` knows whose folder it is.
    assert {path.name for path in target.iterdir()} == {"manifest.json", "static_index.html"}
    assert not (written.root / "warehouse").exists()
    assert (target / "static_index.html").stat().st_size < 5_500_000


def test_a_later_page_leaves_the_state_of_a_build_alone(written):
    manifest: Path = written.root / "target" / "manifest.json"
    manifest.write_text(json.dumps({"metadata": {"project_name": "shopstream"}, "nodes": {}}))
    held = manifest.read_text()
    assert written.run("shopstream", "docs").returncode == 0
    assert manifest.read_text() == held


def test_every_table_has_its_name_in_the_warehouse_and_the_types_of_its_columns(page):
    manifest, catalogue = page["manifest"], page["catalog"]
    tables = {
        name: node
        for name, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in ("model", "seed", "source")
    }
    shown = catalogue["nodes"] | catalogue["sources"]
    assert set(shown) == set(tables)
    for name, node in tables.items():
        place = shown[name]["metadata"]
        assert node["relation_name"] == f"{place['schema']}.{place['name']}"
        types = {column["name"]: column["type"] for column in shown[name]["columns"].values()}
        assert types == {key: column["data_type"] for key, column in node["columns"].items()}
        assert all(types.values()), name


def test_a_model_shows_the_sql_of_its_first_load(page):
    nodes = page["manifest"]["nodes"].values()
    written = [each for each in nodes if each["resource_type"] != "seed"]
    assert [each["name"] for each in written if not each["compiled_code"]] == []
    events = page["manifest"]["nodes"]["model.shopstream.fct_events"]["compiled_code"]
    assert "int_events_sessionized where true" in events


def test_every_rule_has_its_sentence(page):
    held = {node["name"]: node["description"] for node in page["manifest"]["nodes"].values()}
    rules = yaml.safe_load((PROJECT / "tests/rules/_rules.yml").read_text())["data_tests"]
    assert {rule["name"]: held[rule["name"]] for rule in rules} == {
        rule["name"]: rule["description"] for rule in rules
    }


def test_the_page_of_a_table_has_its_tests_with_their_sentences(page):
    manifest = page["manifest"]
    held = {node["name"]: node["description"] for node in manifest["nodes"].values()}
    beside = yaml.safe_load((PROJECT / "models/marts/core/fct_events.yml").read_text())
    (model,) = beside["models"]
    for test in (each for kinds in model["data_tests"] for each in kinds.values()):
        sentence = held[test["name"]].strip()
        line = re.compile(rf"^- \[{test['name']}\]\(.+\) \(changed dates\): {re.escape(sentence)}$")
        assert any(map(line.match, held["fct_events"].splitlines())), test["name"]
    assert "every_accepted_event_is_in_every_roll_up" in held["fct_events"], "a rule of several"
    assert "few_rows_are_out_of_window) (warns): Above 5 %" in held["row_ledger"]


def test_descriptions_link_to_tables_and_tests_that_are_there(page):
    manifest = page["manifest"]
    tables = manifest["nodes"] | manifest["sources"]
    texts = "\n".join(node["description"] for node in tables.values())
    links = set(re.findall(r"\]\(#!/(\w+)/([\w.]+)\)", texts))
    assert ("model", "model.shopstream.int_sessionless_runs") in links
    assert {kind for kind, _ in links} == {"model", "seed", "source", "test"}
    assert {name for kind, name in links if tables[name]["resource_type"] != kind} == set()
