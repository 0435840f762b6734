"""Some fifty kinds of broken input in one load: docs/reference/input.md says what becomes of each.

One build takes all of them together, beside thousands of mutilated rows: each file has to end as
the table says, whatever lies beside it.
"""

import random
import re

import pytest

from shopstream.run.inspection import inspect
from shopstream.run.model_rules import judging
from tests.helpers.input_kinds import KINDS
from tests.helpers.odd_input import HEADER, Kind, parquet, row_values, text
from tests.helpers.warehouse import PROJECT, Warehouse, put_files

FUZZED_FILES, FUZZED_ROWS = 20, 500
# Shown with the file system and not with content: tests/unit/test_landing.py.
ELSEWHERE = {
    "a file that disappears or still grows": [
        "test_a_file_that_disappears_is_skipped",
        "test_a_file_that_changes_while_it_is_read_waits_for_the_next_run",
    ],
    "a folder, pipe or link named like a file": ["test_links_folders_and_pipes_named_like_files"],
    "zip member that is a link or encrypted": [
        "test_dangerous_zip_members_are_refused_by_name",
        "test_encrypted_and_lying_members_are_refused",
    ],
}


def folder_of(kind: Kind) -> str:
    """Folder of a kind in the landing folder."""
    return f"kind{KINDS.index(kind):02}"


def fuzzed(rng: random.Random, number: int) -> bytes:
    """Rows with values swapped, cut, doubled and mangled, as CSV or as Parquet of text.

    Without quotes, which can join lines: tests/unit/test_landing.py has those.
    """
    odd = ["", "null", "NaN", "-1", "1e5", "1;5", "\t", "9" * 25, "2019-13-01", "x\u202e", "0x1"]
    rows = []
    for position in range(FUZZED_ROWS):
        values = row_values(1_000_000 + number * FUZZED_ROWS + position)
        for _ in range(rng.choice([0, 0, 1, 2])):
            values[rng.randrange(9)] = rng.choice(odd)
        rows.append(values)
    if number % 4 == 0:
        names = HEADER.split(",")
        return parquet({name: [r[i] for r in rows] for i, name in enumerate(names)})
    lines = [",".join(values) for values in rows]
    for _ in range(50):
        at = rng.randrange(len(lines))
        cut = rng.randrange(1, len(lines[at]))
        lines[at] = rng.choice([lines[at][:cut], lines[at][cut:] + lines[at], lines[at] + ",more"])
    return text(*lines)


def all_files(rng: random.Random) -> dict[str, bytes]:
    """All kinds and the fuzzed files, by their path in the landing folder."""
    files = {f"{folder_of(kind)}/{name}": kind.files[name] for kind in KINDS for name in kind.files}
    for number in range(FUZZED_FILES):
        ending = "parquet" if number % 4 == 0 else "csv"
        files[f"fuzzed{number}.{ending}"] = fuzzed(rng, number)
    return files


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> tuple[Warehouse, str]:
    """All kinds and the fuzzed files, built together; and what the build printed."""
    warehouse = Warehouse(tmp_path_factory.mktemp("kinds"))
    put_files(warehouse.landing, all_files(random.Random(5)))
    return warehouse, warehouse.build("--core", expect=3)


def test_no_kind_of_input_shows_a_stack_trace(loaded):
    _, printed = loaded
    assert not re.search(r"Traceback|Exception|\bat org\.|ERROR=[1-9]", printed), printed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_of_input_ends_as_the_table_says(loaded, kind):
    warehouse, _ = loaded
    prefix = folder_of(kind) + "/"
    ledger = [
        file
        for file in warehouse.table("row_ledger").to_pylist()
        if file["source_file"].startswith(prefix)
    ]
    # A row that another kind delivered too is a duplicate of it: both were usable.
    usable = sum(file["rows_accepted"] + file["rows_duplicate"] for file in ledger)
    out, quarantined = (
        sum(file[name] for file in ledger) for name in ("rows_out_of_window", "rows_quarantined")
    )
    if kind.fates is None:
        assert not ledger
    else:
        assert ledger, "a file without rows stands in the ledger, too"
        assert (usable, out, quarantined) == (sum(kind.fates[:2]), *kind.fates[2:])
    quarantine = warehouse.table("quarantined_events").to_pylist()
    held = [row for row in quarantine if row["source_file"].startswith(prefix)]
    assert sorted(row["reason"] for row in held) == kind.reasons
    refused = {
        file["source_file"].removeprefix(prefix): file["reason"]
        for file in warehouse.table("refused_files").to_pylist()
        if file["source_file"].startswith(prefix)
    }
    assert set(refused) == set(kind.refused)
    for name, says in kind.refused.items():
        assert re.search(says, refused[name]), refused[name]


def test_rows_of_mutilated_files_are_all_accounted_for(loaded):
    warehouse, _ = loaded
    ledger = warehouse.table("row_ledger").to_pylist()
    fuzzed = [file for file in ledger if file["source_file"].startswith("fuzzed")]
    assert len(fuzzed) == FUZZED_FILES
    for file in fuzzed:
        assert file["rows_read"] == FUZZED_ROWS
        fates = [value for name, value in file.items() if name.startswith("rows_")]
        assert file["rows_read"] == sum(fates) - file["rows_read"]
    assert sum(file["rows_quarantined"] for file in fuzzed) > FUZZED_ROWS


def test_inspect_counts_what_a_build_quarantines(loaded):
    """Of landed files the same reasons, as often, and the same first row as delivered."""
    warehouse, _ = loaded
    held: dict[str, dict[str, list]] = {}
    quarantine = warehouse.table("quarantined_events").to_pylist()
    for each in sorted(quarantine, key=lambda row: row["row_number"]):
        reasons = held.setdefault(each["source_file"], {})
        reasons.setdefault(each["reason"], []).append(each["delivered_row"])
    ledger = {file["source_file"]: file for file in warehouse.table("row_ledger").to_pylist()}
    # of two names of one content the ledger has one
    paths = [path for path in warehouse.landing.rglob("*") if path.is_file()]
    with judging() as judge:
        reports = {each.file: each for each in inspect(warehouse.landing, paths, judge)}
    assert len(ledger) > FUZZED_FILES
    for name, file in ledger.items():
        found = {each["reason"]: each for each in reports[name].left_out}
        out = found.pop("out_of_window", {"total_rows": 0})
        assert out["total_rows"] == file["rows_out_of_window"]
        rows = {reason: (each["total_rows"], each["example"]) for reason, each in found.items()}
        expected = {why: (len(rows), rows[0]) for why, rows in held.get(name, {}).items()}
        assert rows == expected, name
        assert reports[name].rows == file["rows_read"]


def test_the_docs_have_a_line_for_every_kind_and_name_tests_that_exist():
    page = (PROJECT / "docs" / "reference" / "input.md").read_text()
    lines = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")}
    assert {kind.name for kind in KINDS} | set(ELSEWHERE) <= lines
    landing_tests = (PROJECT / "tests" / "unit" / "test_landing.py").read_text()
    for names in ELSEWHERE.values():
        for name in names:
            assert f"def {name}(" in landing_tests and name in page
