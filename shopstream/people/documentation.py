"""The dbt documentation as one file: the same with or without a warehouse, on any engine.

It is compiled beside an empty warehouse, so a model shows the SQL of its first load: in a warehouse
that has all files, a load selects nothing. It is parsed anew: dbt, when it reads only what changed,
drops the description of a rule whose SQL changed. A page of a table says its tests, too, each with
its sentence, and links to the tables that it names.
"""

import json
import re
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from shopstream import disk
from shopstream.config import Settings
from shopstream.run.dbt import dbt

# What is written otherwise in dbt's page, found and put in its place.
CHANGES = {
    # The graph begins without tests, which are three of four nodes; "resources" has them.
    "depth:1},n={view_node": "depth:1,resource_types:WITHOUT_TESTS},n={view_node",
    # Its columns stand closer, so that names are larger; its edges can be seen.
    "rankSep:200,edgeSep:30,nodeSep:50": "rankSep:60,edgeSep:10,nodeSep:16",
    "#006f8a": "#5fa8bd",
    # The example of a seed names its table.
    'e.schema+"."+e.identifier': 'e.schema+"."+(e.identifier||e.alias)',
    # Where a text is not made of its Markdown, its marks are left out.
    "{{ column.description }}": r"{{ column.description.replaceAll(\'`\', \'\') }}",
    "{{ arg.description }}": r"{{ arg.description.replaceAll(\'`\', \'\') }}",
    r'let t=e.replace(/\s+/g," "),i=r(': r'let t=e.replace(/\[([^\]]+)\]\([^)]+\)|`|\*\*/g,"$1")'
    r'.replace(/\s+/g," "),i=r(',
    "</head>": """<style>
        /* Details and descriptions of columns are shown whole; a wide table stays in its frame. */
        .detail-body { white-space: normal !important; overflow-x: visible !important; }
        .column-row td { white-space: normal !important; max-width: none !important; }
        .model-markdown { overflow-x: auto; }
        </style><script>
        var WITHOUT_TESTS = ["model", "seed", "source", "exposure"];
        // A link to a heading: dbt's page would take it for a place of its own.
        addEventListener("click", event => {
            var place = event.target.closest("[marked] a")?.getAttribute("href");
            if (!/^#[\\w-]+$/.test(place)) return;
            event.preventDefault();
            document.getElementById(place.slice(1)).scrollIntoView();
        });
        // A link to a graph is read as the page loads, so it loads the page.
        var isGraph = url => url.includes("g_v=1");
        addEventListener("click", event => {
            var link = event.target.closest("a");
            if (link && isGraph(link.href)) event.stopPropagation();
        }, true);
        addEventListener("hashchange", event => {
            if (isGraph(event.oldURL) != isGraph(event.newURL)) location.reload();
        });
        </script></head>""",
}
# Where it takes its data from.
MANIFEST, CATALOGUE = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
# Sail starts in a second, and compiles for all: only hints for sorting and JSON differ on Spark.
COMMAND = (
    "docs",
    "generate",
    "--empty-catalog",
    "--no-partial-parse",
    "--target",
    "sail",
    "--quiet",
)


def write_documentation(settings: Settings) -> int:
    """Write static_index.html into the target folder; gives dbt's exit code."""
    with TemporaryDirectory() as folder:
        made = Path(folder)
        apart = replace(settings, warehouse=made / "warehouse", target=made)
        code = dbt(apart, *COMMAND, DBT_TARGET="sail")
        if code == 0:
            manifest = json.loads((made / "manifest.json").read_text())
            describe(manifest)
            page = (made / "index.html").read_text()
            for theirs, ours in CHANGES.items():
                page = page.replace(theirs, ours)
            page = page.replace(MANIFEST, in_a_page(manifest))
            page = page.replace(CATALOGUE, in_a_page(catalogue(manifest)))
            settings.target.mkdir(parents=True, exist_ok=True)
            disk.write(settings.target / "static_index.html", page)
            if not (settings.target / "manifest.json").exists():  # `clean` knows the folder by it
                disk.write(settings.target / "manifest.json", json.dumps(manifest))
    return code


def describe(manifest: dict) -> None:
    """Complete the description of each table by links and by its tests."""
    nodes = manifest["sources"] | manifest["nodes"]
    tables = {
        name: node
        for name, node in nodes.items()
        if node["resource_type"] in ("model", "seed", "source")
    }
    pages = {
        node["name"]: f"[{node['name']}](#!/{node['resource_type']}/{name})"
        for name, node in tables.items()
    }
    tests = lines_of_tests(manifest)
    for name, node in tables.items():
        others = {key: link for key, link in pages.items() if key != node["name"]}
        words = re.sub(r"`(\w+)`", partial(linked, others), node["description"])
        if lines := sorted(tests[name]):
            words += "\n\n**Data tests**\n\n" + "".join(lines)
        node["description"] = words


def linked(pages: dict[str, str], found: re.Match) -> str:
    """The link to a table that a text names; what else stands in backquotes as it is."""
    return pages.get(found[1], found[0])


def lines_of_tests(manifest: dict) -> dict[str, list[str]]:
    """A line for each data test, by table; a test of several tables belongs to each."""
    lines = defaultdict(list)
    for test in manifest["nodes"].values():
        if test["resource_type"] != "test":
            continue
        only = " (changed dates)" * ("__tested_load__" in (test["config"].get("where") or ""))
        warns = " (warns)" * (test["config"]["severity"].lower() == "warn")
        link = f"[{test['name']}](#!/test/{test['unique_id']})"
        attached = test.get("attached_node")
        for table in [attached] if attached else {*test["depends_on"]["nodes"]}:
            lines[table].append(f"- {link}{only}{warns}: {test['description'].strip()}\n")
    return lines


def catalogue(manifest: dict) -> dict:
    """What dbt would find in a warehouse: schema, name and columns of all tables and views.

    They are as the yml says, which tests hold equal to what is built.
    """
    tables = [node for node in manifest["nodes"].values() if node["relation_name"]]
    return {
        "nodes": {node["unique_id"]: found(node) for node in tables},
        "sources": {name: found(node) for name, node in manifest["sources"].items()},
    }


def found(node: dict) -> dict:
    """One table or view of the catalogue."""
    columns = enumerate(node["columns"].values())
    return {
        "metadata": {
            "type": "view" if node.get("config", {}).get("materialized") == "view" else "table",
            "schema": node["schema"],
            "name": node.get("identifier") or node["alias"],
        },
        "columns": {
            column["name"]: {"name": column["name"], "type": column["data_type"], "index": index}
            for index, column in columns
        },
        "stats": {},
    }


def in_a_page(data: dict) -> str:
    """JSON that can't end the script it stands in."""
    return json.dumps(data).replace("</", r"<\/")
