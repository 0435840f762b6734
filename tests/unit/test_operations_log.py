"""Who ran what on a warehouse is kept, and never an id that was erased."""

import json
import os
import pwd
import socket

import pytest
from deltalake import DeltaTable

from shopstream.warehouse import operations
from tests.helpers.warehouse import Warehouse


def noted(warehouse: Warehouse) -> list[tuple]:
    sql = "select command, arguments, exit_code from operations order by ended_at"
    ran = warehouse.run("shopstream", "query", sql, "--format", "json")
    assert ran.returncode == 0, ran.stdout
    return [tuple(row.values()) for row in json.loads(ran.stdout)]


def test_commands_that_publish_or_delete_are_noted_with_who_ran_them(tmp_path):
    warehouse = Warehouse(tmp_path)
    (tmp_path / "warehouse").mkdir()
    there = {"SHOPSTREAM_SAMPLE": str(tmp_path / "sample")}
    assert warehouse.run("shopstream", "rollback", "7", **there).returncode == 2
    assert warehouse.run("shopstream", "erase", "571810233").returncode == 2
    assert warehouse.run("shopstream", "withdraw", "a.csv").returncode == 2
    assert warehouse.run("shopstream", "reload", "--erase-user", "571810233").returncode == 2
    assert warehouse.run("shopstream", "build", "--drop-missing").returncode == 2
    assert warehouse.run("shopstream", "rollback", "--help").returncode == 0
    assert warehouse.run("shopstream", "published").returncode == 2
    assert warehouse.run("shopstream", "published", "--repair").returncode == 2
    assert warehouse.run("shopstream", "clean", **there).returncode == 0  # it outlives this
    assert noted(warehouse) == [
        ("rollback", "7", 2),
        ("erase", "<id>", 2),
        ("withdraw", "a.csv", 2),
        ("reload", "--erase-user <id>", 2),
        ("build", "--drop-missing", 2),
        ("published", "--repair", 2),
        ("clean", "", 0),
    ]
    rows = DeltaTable(operations.folder(tmp_path / "warehouse")).to_pyarrow_table()
    assert set(rows["user"].to_pylist()) == {pwd.getpwuid(os.getuid()).pw_name}
    assert set(rows["host"].to_pylist()) == {socket.gethostname()}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"571810233" in path.read_bytes()]


@pytest.mark.parametrize("words", ["erase 57", "reload --erase-user 57", "reload --erase-user=57"])
def test_the_id_of_a_user_who_is_erased_is_hidden(words):
    command, *arguments = words.split()
    assert "57" not in " ".join(operations.without_ids(command, arguments))


def test_an_id_that_is_erased_goes_from_what_was_noted_before(tmp_path):
    for name in ("user_00571810233.csv", "user_5718102331.csv"):
        operations.note(tmp_path, "withdraw", [name], 0)
    operations.forget_user(tmp_path, 571810233)
    held = DeltaTable(operations.folder(tmp_path)).to_pyarrow_table().sort_by("ended_at")
    assert held["arguments"].to_pylist() == [
        "user_<id>.csv",
        "user_5718102331.csv",
    ]
