"""CONTRIBUTING.md's conventions, held over what dbt itself says about the project."""

import json
import re

import pytest
import yaml

from shopstream.published import PRIVATE_SCHEMAS as PRIVATE
from tests.helpers.warehouse import PROJECT, Warehouse

# From left to right: a model reads its own folder and those to its left.
FOLDERS = [
    "staging",
    "intermediate",
    "marts/core",
    "marts/quality",
    "intermediate/commerce",
    "marts/commerce",
]
PREFIXES = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "marts/core": ("dim_", "fct_"),
    "intermediate/commerce": ("int_",),
}
SELF_EVIDENT = ("unique", "not_null", "accepted_values")
LONGEST = 125
# A line for each metric or figure: long, not deep.
LISTS = {"metric_values", "published_comparison"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    """The project as dbt parses it."""
    warehouse = Warehouse(tmp_path_factory.mktemp("conventions"))
    ran = warehouse.run("dbt", "parse", "--no-partial-parse")
    assert ran.returncode == 0, ran.stdout
    return json.loads((warehouse.root / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest) -> dict[str, dict]:
    """The project's models by unique id."""
    return {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["package_name"] == "shopstream"
    }


def folder_of(model: dict) -> str:
    return "/".join(model["path"].split("/")[:-1])


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def described_key(model: dict) -> set[str]:
    """The columns in backquotes behind the word key, one or several in brackets."""
    found = re.search(r"\bkey \(?(`\w+`(?:,\s+`\w+`)*)", model["description"])
    return set(re.findall(r"\w+", found[1])) if found else set()


def keys_with_a_test(manifest: dict) -> dict[str, list[set[str]]]:
    """The columns that are tested to be unique, together, by model."""
    keys = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") in ("unique", "unique_combination_of_columns"):
            said = test["kwargs"]
            columns = said.get("combination_of_columns") or [said["column_name"]]
            keys.setdefault(node["attached_node"], []).append(set(columns))
    return keys


def behind(manifest: dict, name: str) -> set[str]:
    """Unique ids of all that reads a node, directly or through others."""
    found, left = set(), [name]
    while left:
        children = set(manifest["child_map"].get(left.pop(), [])) - found
        found |= children
        left += children
    return found


def test_every_model_has_a_yml_of_its_name_beside_it(models):
    for model in models.values():
        beside = model["original_file_path"].removesuffix(".sql") + ".yml"
        assert model["patch_path"] == f"shopstream://{beside}"


def test_everything_is_described(manifest, models):
    seeds = [n for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
    for node in [*models.values(), *seeds, *manifest["sources"].values()]:
        assert node["description"].strip(), node["unique_id"]
        assert node["columns"], node["unique_id"]
        for column in node["columns"].values():
            assert column["description"].strip(), (node["unique_id"], column["name"])


def test_every_macro_and_argument_is_described(manifest):
    for macro in manifest["macros"].values():
        if macro["package_name"] == "shopstream":
            assert macro["description"], macro["name"]
            described = [a["name"] for a in macro["arguments"] if a["description"]]
            (taken,) = re.findall(r"macro \w+\((.*?)\)", macro["macro_sql"])
            assert described == re.findall(r"\w+", taken), macro["name"]


def test_every_test_says_which_rule_it_holds(manifest):
    """By its name, and by a sentence that is more than the name again."""
    data_tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    for node in data_tests:
        kind = (node.get("test_metadata") or {}).get("name")
        named = not node["name"].startswith((f"{kind}_", f"source_{kind}_", f"dbt_utils_{kind}"))
        assert named or kind in SELF_EVIDENT, node["name"]
    for node in [*data_tests, *manifest["unit_tests"].values()]:
        said = node["description"].strip()
        assert said.endswith(".") and not said[0].islower(), f"{node['name']}: {said!r}"
        assert words(said) - words(node["name"]), f"{node['name']} only says its name again"


def test_every_page_of_the_dashboard_has_an_exposure_with_owner_and_url(manifest):
    screens = {path.parent.name for path in (PROJECT / "dashboard/screens").glob("*/__init__.py")}
    exposures = {
        node["name"]: node for node in manifest["exposures"].values() if node["type"] == "dashboard"
    }
    assert set(exposures) == {f"dashboard_{screen}" for screen in screens}
    for exposure in exposures.values():
        assert exposure["owner"]["email"] and exposure["url"] and exposure["description"]


def test_every_model_says_its_grain_and_key(models):
    for model in models.values():
        assert "rain:" in model["description"], f"{model['name']} does not say its grain"
        key = described_key(model)
        assert key and key <= set(model["columns"]), (
            f"{model['name']} does not say its key, as in: key (`a`, `b`)"
        )


def test_every_key_is_tested_or_the_model_says_which_test_shows_it(manifest, models):
    """Marts are tested; others may say in `meta` why not, and which tests would see it."""
    keys = keys_with_a_test(manifest)
    for name, model in models.items():
        meta = model["config"]["meta"]
        if name in keys:
            assert described_key(model) in keys[name], f"{model['name']} tests another key"
            assert "no_key_test" not in meta, f"{model['name']} tests its key and says it does not"
            continue
        assert "marts/" not in model["path"], f"{model['name']} does not test its key"
        assert meta.get("no_key_test", "").strip().endswith("."), (
            f"{model['name']} neither tests its key nor says why not (meta.no_key_test)"
        )
        # A data test of what is read from it, or a unit test of its own.
        nodes = {**manifest["nodes"], **manifest["unit_tests"]}
        shown_by = {
            nodes[test]["name"]
            for test in behind(manifest, name)
            if test.startswith("test.") or nodes.get(test, {}).get("model") == model["name"]
        }
        named = set(meta.get("key_shown_by", []))
        assert named and named <= shown_by, f"{model['name']}: no such test: {named - shown_by}"


def test_names_say_the_folder(models):
    for model in models.values():
        assert model["name"].startswith(PREFIXES.get(folder_of(model), "")), model["name"]


def test_no_model_reads_a_folder_to_its_right(models):
    rank = {folder: position for position, folder in enumerate(FOLDERS)}
    for model in models.values():
        for name in model["depends_on"]["nodes"]:
            if name in models:
                read = models[name]
                assert rank[folder_of(read)] <= rank[folder_of(model)], (
                    f"{model['name']} reads {read['name']}"
                )


def test_only_staging_and_quality_read_what_was_landed(models):
    for model in models.values():
        if any(name.startswith("source.") for name in model["depends_on"]["nodes"]):
            assert folder_of(model) in ("staging", "marts/quality"), model["name"]


def test_no_model_is_longer_than_agreed(models):
    for model in models.values():
        lines = (PROJECT / model["original_file_path"]).read_text().count("\n")
        assert lines <= LONGEST or model["name"] in LISTS, f"{model['name']} has {lines} lines"


def test_each_mutation_finds_its_text_once():
    """The campaign itself (mutations.py) takes longer than a test may."""
    for mutation in yaml.safe_load((PROJECT / "tests" / "campaigns" / "mutations.yml").read_text()):
        found = (PROJECT / mutation["file"]).read_text().count(mutation["find"])
        assert found == 1, f"{mutation['name']}: {found} times in {mutation['file']}"


def test_the_dashboard_reads_only_what_its_exposures_name(manifest):
    """Names of tables in the modules that read data, against what the pages declare."""
    declared = {
        name.split(".")[-1]
        for exposure in manifest["exposures"].values()
        for name in exposure["depends_on"]["nodes"]
    }
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    tables = {
        node["name"]
        for node in nodes
        if node["resource_type"] in ("model", "seed", "source") and node["schema"] not in PRIVATE
    }
    modules = (PROJECT / "dashboard" / "data").glob("*.py")
    words = {word for module in modules for word in re.findall(r"\w+", module.read_text())}
    assert words & tables == declared
