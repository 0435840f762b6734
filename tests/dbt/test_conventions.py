"""CONTRIBUTING.md's conventions, held over what dbt itself says about the project."""

import csv
import json
import re

import pytest
import yaml

from shopstream.warehouse.tables import PRIVATE_SCHEMAS as PRIVATE
from tests.helpers.warehouse import PROJECT, Warehouse

# A model reads its own layer and those before it.
LAYERS = ["staging", "intermediate", "marts"]
PREFIXES = {
    "staging": ("stg_",),
    "intermediate/core": ("int_",),
    "intermediate/commerce": ("int_",),
    "marts/core": ("dim_", "fct_"),
    "marts/steps": ("int_",),
}
SELF_EVIDENT = ("unique", "not_null", "accepted_values")
# What the documentation says of a shop, from the environment.
SAID = {
    "SHOPSTREAM_DASHBOARD": "https://shop.example",
    "SHOPSTREAM_OWNER": "Data",
    "SHOPSTREAM_OWNER_EMAIL": "data@shop.example",
}
# Lines of a model. Empty ones and those that only name a column do not count.
LONGEST = 60
# They unite figures of many marts, a line for some of them.
LONGER = {"metric_values": 80, "published_comparison": 80}
NAMES_A_COLUMN = re.compile(r"\s+[\w.`]+( as [\w`]+)?,?").fullmatch
# Mart and step of `metric_values` whose figures a metric reads, by the first word of its row.
READS = {
    "all": ("period_activity", "add_all_dates"),
    "top": ("customer_concentration", "add_total_revenue"),
    "day": (None, "sum_cohorts"),
    "week": (None, "sum_cohorts"),
}
# What the first word of a step can be; an import has the name of what it holds.
VERBS = re.findall(
    r"\w+",
    """
    add assign choose combine compare complete count decide divide drop estimate fill find group
    judge keep list make mark measure name number pair parse place rank rate roll score settle
    size stamp sum trim unite
    """,
)
STEP = re.compile(r"^(\w+) as \($", re.MULTILINE)
IMPORT = re.compile(r"\s+select \* from \{\{ (ref|source)\(.*\) \}\}")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    """The project as dbt parses it."""
    warehouse = Warehouse(tmp_path_factory.mktemp("conventions"))
    ran = warehouse.run("dbt", "parse", "--no-partial-parse", **SAID)
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
            assert column["data_type"], (node["unique_id"], column["name"])


def test_every_macro_and_argument_is_described(manifest):
    for macro in manifest["macros"].values():
        if macro["package_name"] == "shopstream":
            assert macro["description"], macro["name"]
            described = [a["name"] for a in macro["arguments"] if a["description"]]
            (taken,) = re.findall(r"macro \w+\((.*?)\)", macro["macro_sql"])
            assert described == re.findall(r"(\w+)(?:=[^,]+)?(?:, |$)", taken), macro["name"]


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
        assert exposure["tags"], f"{exposure['name']} has no tag"


def test_the_report_reads_what_the_pages_read(manifest):
    exposures = {node["name"]: node for node in manifest["exposures"].values()}
    read = {name: set(node["depends_on"]["nodes"]) for name, node in exposures.items()}
    pages = [nodes for name, nodes in read.items() if exposures[name]["type"] == "dashboard"]
    assert read["report"] == set().union(*pages)


def test_a_mart_that_no_page_shows_says_so(manifest, models):
    shown = {
        name
        for exposure in manifest["exposures"].values()
        for name in exposure["depends_on"]["nodes"]
    }
    for name, model in models.items():
        if model["access"] != "private":
            assert (name not in shown) == ("No page shows it" in model["description"]), name


def test_a_number_beside_a_var_is_its_value(manifest):
    """As in: 1 % (var `delivered_percent`), or: `rfm_min_buyers` (25)."""
    held = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    texts = [node["description"] for node in nodes]
    texts += [c["description"] for node in nodes for c in node.get("columns", {}).values()]
    texts += [path.read_text() for path in (PROJECT / "docs").glob("*/*.md")]
    said = re.findall(r"(\d+)[ \w%]{0,20} \(var `(\w+)`\)", "\n".join(texts))
    said += [pair[::-1] for pair in re.findall(r"`(\w+)` \((\d+)\)", "\n".join(texts))]
    numbers = [(name, int(number)) for number, name in said if isinstance(held.get(name), int)]
    assert numbers
    for name, number in numbers:
        assert number == held[name], name


def test_a_tag_of_a_mart_is_that_of_a_page(manifest, models):
    """By which the graph shows a page with its marts."""
    pages = {tag for node in manifest["exposures"].values() for tag in node["tags"]}
    nodes = [*models.values(), *manifest["sources"].values()]
    assert {tag for node in nodes for tag in node["tags"]} == pages | {"commerce"}


def test_owner_and_address_come_from_the_environment(manifest):
    address, name, email = SAID.values()
    assert {group["owner"]["name"] for group in manifest["groups"].values()} == {name}
    for exposure in manifest["exposures"].values():
        assert (exposure["owner"]["name"], exposure["owner"]["email"]) == (name, email)
        assert (exposure["url"] or address).startswith(address)
    seeds = [n for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
    for node in [*seeds, *manifest["sources"].values()]:
        owner = node["config"]["meta"]
        assert (owner["owner"], owner["email"]) == (name, email), node["unique_id"]


def test_the_first_page_of_the_documentation_names_each_colour(manifest):
    page = manifest["docs"]["doc.shopstream.__overview__"]["block_contents"]
    colours = {n["docs"].get("node_color") for n in manifest["nodes"].values() if "docs" in n}
    assert {colour for colour in colours if colour and f"| {colour} |" not in page} == set()


def test_the_first_page_of_the_documentation_links_to_what_is_there(manifest):
    page = manifest["docs"]["doc.shopstream.__overview__"]["block_contents"]
    linked = set(re.findall(r"\(#!/(?:model|seed|source|exposure|macro)/([\w.]+)\)", page))
    known = [manifest[kind] for kind in ("nodes", "sources", "exposures", "macros")]
    assert linked and linked <= set().union(*known)


def test_the_first_page_of_the_documentation_names_each_seed(manifest):
    page = manifest["docs"]["doc.shopstream.__overview__"]["block_contents"]
    seeds = [n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
    assert [name for name in seeds if f"/seed.shopstream.{name})" not in page] == []


def test_each_seed_shows_its_rows(manifest):
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            assert f"doc.shopstream.values_of_{node['name']}" in node["doc_blocks"], node["name"]


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
        private = model["access"] == "private"
        assert private, f"{model['name']} does not test its key"
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


def test_no_model_reads_a_later_layer(models):
    for model in models.values():
        layer = LAYERS.index(folder_of(model).split("/")[0])
        for name in model["depends_on"]["nodes"]:
            if name in models:
                read = folder_of(models[name]).split("/")[0]
                assert LAYERS.index(read) <= layer, f"{model['name']} reads {models[name]['name']}"


def test_folders_read_each_other_one_way(models):
    """What a folder reads, directly or through others, does not read it."""
    reads = {}
    for model in models.values():
        read = {folder_of(models[name]) for name in model["depends_on"]["nodes"] if name in models}
        reads.setdefault(folder_of(model), set()).update(read - {folder_of(model)})
    for folder in reads:
        found, left = set(), [folder]
        while left:
            new = reads[left.pop()] - found
            found |= new
            left += new
        assert folder not in found, f"{folder} reads itself by way of {sorted(found)}"


def test_schemas_are_those_that_readers_know(models):
    """A folder is moved freely; what people query stays where it is."""
    public = {"core", "quality", "commerce"}
    for model in models.values():
        layer, *folders = folder_of(model).split("/")
        schema = model["schema"].removeprefix("shopstream_")
        private = layer if layer != "marts" else "intermediate"
        if layer != "marts" or folders == ["steps"]:
            assert schema == private and model["access"] == "private", model["name"]
        else:
            known = folders[-1] if folders[-1] in public else "commerce"
            assert schema == known, f"{model['name']} is in {schema}"


def test_only_the_way_of_the_rows_and_quality_read_what_was_landed(models):
    for model in models.values():
        if any(name.startswith("source.") for name in model["depends_on"]["nodes"]):
            folders = ("staging", "intermediate/core", "marts/quality")
            assert folder_of(model) in folders, model["name"]


def test_no_model_is_longer_than_agreed(models):
    for model in models.values():
        lines = model["raw_code"].split("\n")
        counted = sum(bool(line) and not NAMES_A_COLUMN(line) for line in lines)
        assert counted <= LONGER.get(model["name"], LONGEST), f"{model['name']} has {counted} lines"


def test_models_are_sql_from_the_top(models):
    """What depends on a setting or on what is held is a macro's to say."""
    for model in models.values():
        assert not re.search(r"\{%-? *(if|for|macro)\b", model["raw_code"]), model["name"]


def test_a_step_is_a_verb_and_an_import_stands_on_one_line(models):
    for model in models.values():
        code = model["raw_code"]
        for step in STEP.finditer(code):
            name, body = step[1], code[step.end() :]
            is_import = IMPORT.match(body) and "group by" not in body[: body.index("\n)")]
            verb = name.split("_")[0] in VERBS or name == "touched"
            assert is_import or verb, f"{name} in {model['name']} is no verb"


def test_a_metric_names_columns_that_are_there(models):
    """Of the row that it reads in `metric_values`: another would be null in silence."""
    code = models["model.shopstream.metric_values"]["raw_code"]
    with (PROJECT / "seeds/commerce/metric_definitions.csv").open() as file:
        for metric in csv.DictReader(file):
            mart, step = READS.get(metric["source_row"].split()[0], ("funnels", None))
            _, _, behind = code.partition(f"{step} as (")
            made = re.findall(
                r"^ {8}.*\bas (\w+),?$|^ {8}(\w+),?$", behind.partition("\n)")[0], re.M
            )
            held = models[f"model.shopstream.{mart}"]["columns"] if mart else ()
            known = {"none", *held, *map("".join, made)}
            named = {metric[f"{kind}_column"] for kind in ("source", "numerator", "denominator")}
            assert named <= known, f"{metric['metric_name']}: no column {named - known}"
            assert metric["source_mart"] in {node["name"] for node in models.values()}


def test_unit_tests_stand_in_a_file_of_their_own(manifest):
    for test in manifest["unit_tests"].values():
        assert test["original_file_path"].endswith(f"/{test['model']}.unit_tests.yml")


def test_a_column_that_recurs_is_described_once(models):
    """By a doc block (models/columns.md), where two models say the same of it."""
    said = {}
    for model in models.values():
        beside = PROJECT / model["original_file_path"].replace(".sql", ".yml")
        (written,) = yaml.safe_load(beside.read_text())["models"]
        for column in written["columns"]:
            words = " ".join(column["description"].split())
            if not words.startswith("{{ doc("):
                said.setdefault((column["name"], words), []).append(model["name"])
    assert not {key: names for key, names in said.items() if len(names) > 1}


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
