"""CONTRIBUTING.md's conventions, held over what dbt itself says about the project."""

import json
import re

import pytest
import yaml
from conftest import PROJECT, Warehouse

from shopstream.published import PRIVATE_SCHEMAS as PRIVATE

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
    """By its name; in the folder of rules also by a sentence. Unit tests are sentences."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            kind = (node.get("test_metadata") or {}).get("name")
            named = not node["name"].startswith(
                (f"{kind}_", f"source_{kind}_", f"dbt_utils_{kind}")
            )
            assert node["description"] if not kind else named or kind in SELF_EVIDENT, node["name"]


def test_every_page_of_the_dashboard_has_an_exposure_with_owner_and_url(manifest):
    screens = {path.parent.name for path in (PROJECT / "dashboard/screens").glob("*/__init__.py")}
    exposures = {
        node["name"]: node for node in manifest["exposures"].values() if node["type"] == "dashboard"
    }
    assert set(exposures) == {f"dashboard_{screen}" for screen in screens}
    for exposure in exposures.values():
        assert exposure["owner"]["email"] and exposure["url"] and exposure["description"]


def test_every_mart_says_and_tests_its_key(manifest, models):
    keyed = set()
    for node in manifest["nodes"].values():
        kind = (node.get("test_metadata") or {}).get("name")
        if kind in ("unique", "unique_combination_of_columns"):
            keyed.add(node["attached_node"])
    marts = {name for name, model in models.items() if "marts/" in model["path"]}
    assert marts - keyed == set()
    for name in marts:
        assert "rain:" in models[name]["description"], f"{name} does not say its grain"


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
    for mutation in yaml.safe_load((PROJECT / "tests" / "mutations.yml").read_text()):
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
