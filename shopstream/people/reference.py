"""Pages written from what the program says of itself; a test holds them equal to this.

    python -m shopstream.people.reference

docs/reference/commands.md has the commands and settings, docs/explanation/architecture.md ends
with a table of folders.
models/overview.md, the first page of `dbt docs`, ends with the marts by question and the vars, and
seeds/values.md has the rows of each seed, for its description.
"""

import ast
import csv
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import click
import yaml

from shopstream.config import PROJECT, rules
from shopstream.people.cli import main
from shopstream.people.variables import VARIABLES

REFERENCE = PROJECT / "docs" / "reference" / "commands.md"
ARCHITECTURE = PROJECT / "docs" / "explanation" / "architecture.md"
MARTS = PROJECT / "docs" / "reference" / "marts.md"
OVERVIEW = PROJECT / "models" / "overview.md"
VALUES = PROJECT / "seeds" / "values.md"
RULES_FILE = PROJECT / "dbt_project.yml"
# Behind this line the page of the architecture is written.
ROOMS = "| folder | what it is for |\n|---|---|\n"
# Behind this one the first page of dbt's documentation is.
QUESTIONS = "## Marts by question\n\n"
VARS = """
## Vars

As `dbt_project.yml` sets them; a change is for everybody who reads the marts.

| var | value | what it does |
|---|---|---|
"""
END = "\n{% enddocs %}\n"
# Columns that a page has room for.
WIDEST = 8
# The largest number of a column stands for none, in seeds.
NO_LIMIT = ("9223372036854775807", "9999999999.99")
HEAD = """# Commands and settings

Written by `python -m shopstream.people.reference` from what the program says of itself.

Each target of `make` is a thin call of `.venv/bin/shopstream`; `make` lists them.

## Exit codes

| code | means |
|---|---|
| 0 | all passed and, unless `--no-tests`, is published |
| 1 | a model or test failed; readers stay on the last published build |
| 2 | it could not start or go on; the message says why |
| 3 | published, but a file was refused for the first time, or no row of a new file could be used |
| 3, of `inspect` | a file would not build, as it is now |
| 129, 130, 143 | stopped by SIGHUP, SIGINT (Ctrl-C) or SIGTERM; the next run goes on |

These are the exit codes of `shopstream`. make ends with 0 or 2: with 2 for each code above 0.
"""
SETTINGS = """## Settings

Variables of the environment. Relative paths begin where you are.

| variable | default | |
|---|---|---|
"""
RULES = """
Rules are vars in `dbt_project.yml`, each with a line that says what it does. Limits and labels
are seeds (`seeds/`). `window_start`, `window_end`, `null_defaults`, `max_price`, `max_quantity`,
`store_currency` and `sample_rows_per_file` apply to files that arrive after the change. Run
`shopstream backfill` to apply them to old dates. After any other change the next build computes all
that follows the cleaned rows anew.
"""


def pages() -> dict[Path, str]:
    """The whole pages as Markdown."""
    architecture, _, _ = ARCHITECTURE.read_text().partition(ROOMS)
    overview, _, _ = OVERVIEW.read_text().partition(QUESTIONS)
    below = QUESTIONS + questions() + VARS + "".join(project_vars()) + END
    return {
        REFERENCE: reference(),
        ARCHITECTURE: architecture + ROOMS + "".join(rooms()),
        OVERVIEW: overview + below,
        VALUES: "\n".join(values()),
    }


def questions() -> str:
    """The table of docs/reference/marts.md, with a link to the page of each mart and seed."""
    kinds = {path.stem: "model" for path in (PROJECT / "models").rglob("*.sql")}
    kinds |= {path.stem: "seed" for path in (PROJECT / "seeds").rglob("*.csv")}

    def link(found: re.Match) -> str:
        name, kind = found[1], kinds.get(found[1])
        return f"[{name}](#!/{kind}/{kind}.shopstream.{name})" if kind else found[0]

    rows = [line for line in MARTS.read_text().splitlines() if line.startswith("|")]
    return re.sub(r"`(\w+)`", link, "\n".join(rows)) + "\n"


def project_vars() -> Iterator[str]:
    """A row for each var: its value, and the comment above it or above those it stands with."""
    words, is_comment = [], False
    below = RULES_FILE.read_text().partition("\nvars:\n")[2].splitlines()
    for line in takewhile(lambda line: not line or line.startswith(" "), below):
        if line.startswith("  # "):
            words = [*(words if is_comment else []), line.removeprefix("  # ")]
        is_comment = line.startswith("  # ")
        if name := re.match(r"  (\w+):", line):
            yield f"| `{name[1]}` | `{written(rules()[name[1]])}` | {' '.join(words)} |\n"


def written(value: object) -> str:
    """A value as it could stand in a line of yml."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)
    return text.removesuffix("\n...\n").strip()


def values() -> Iterator[str]:
    """A block for each seed, by name: its rows as a table, or as several where one is too wide."""
    for path in sorted((PROJECT / "seeds").rglob("*.csv"), key=lambda path: path.stem):
        with path.open(newline="") as file:
            head, *rows = csv.reader(file)
        yield f"{{% docs values_of_{path.stem} %}}\nIts rows:\n"
        if path.stem == "metric_definitions":
            metrics = [by_formula(dict(zip(head, row, strict=True))) for row in rows]
            head, rows = list(metrics[0]), [list(metric.values()) for metric in metrics]
        step = len(head) if len(head) <= WIDEST else 3  # beside the first, which is the key
        for first in range(1, len(head), step):
            yield from table([[row[0], *row[first : first + step]] for row in (head, *rows)])
        yield "{% enddocs %}\n"


def by_formula(metric: dict[str, str]) -> dict[str, str]:
    """A metric with its formula, its mart and its meaning first, which stand in one table."""
    of = {name: metric.pop(name) for name in ("numerator", "denominator", "source_mart")}
    over = "" if of["denominator"] == "none" else f" / {of['denominator']}"
    return {
        "metric_name": metric.pop("metric_name"),
        "numerator / denominator": of["numerator"] + over,
        "source mart, source column": f"`{of['source_mart']}`, {metric.pop('source_column')}",
        "definition": metric.pop("definition"),
    } | metric


def table(lines: list[list[str]]) -> Iterator[str]:
    """Rows below their head as a table, the names of columns in words, which can be broken."""
    head, *rows = lines
    rows = [["no limit" if cell in NO_LIMIT else cell for cell in row] for row in rows]
    for row in ([name.replace("_", " ") for name in head], ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
    yield ""


def rooms() -> Iterator[str]:
    """A row for each Python package, with the first sentence that it says of itself."""
    for top in ("shopstream", "bench", "dashboard", "tests"):
        for file in sorted((PROJECT / top).rglob("__init__.py")):
            words = ast.get_docstring(ast.parse(file.read_text())).partition("\n\n")[0]
            yield f"| `{file.parent.relative_to(PROJECT)}` | {' '.join(words.split())} |\n"


def reference() -> str:
    """The page of commands and settings."""
    rows = (f"| `{name}` | {default} | {words} |\n" for name, default, words in VARIABLES)
    return HEAD + "".join(commands(main)) + "\n" + SETTINGS + "".join(rows) + RULES


def commands(group: click.Group, above: str = "shopstream") -> Iterator[str]:
    """A section for each command of a group, by name, those of groups in it as well."""
    for name, command in sorted(group.commands.items()):
        whole = f"{above} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, whole)
            continue
        context = click.Context(command, info_name=name)
        arguments = " ".join(command.collect_usage_pieces(context)[1:])
        yield f"\n## {whole} {arguments}".rstrip() + f"\n\n{help_of(command)}\n"
        options = [each for each in command.params if isinstance(each, click.Option)]
        if records := [each.get_help_record(context) for each in options]:
            yield "\n| option | |\n|---|---|\n"
            yield from (f"| `{written}` | {words} |\n" for written, words in map(escaped, records))


def help_of(command: click.Command) -> str:
    """A command's help, a paragraph a line."""
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def escaped(record: tuple[str, str]) -> tuple[str, str]:
    """An option and its help, fit for a table."""
    return record[0].replace("|", r"\|"), record[1].replace("|", r"\|")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
