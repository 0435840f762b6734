"""All presets in one landing folder: figures equal DuckDB's own reading of the raw files."""

import duckdb
import pyarrow as pa
import pytest

from shopstream.intake import landing
from shopstream.intake.description import presets
from shopstream.run.inspection import inspect
from shopstream.run.model_rules import judging
from tests.helpers.compare import differences
from tests.helpers.shapes import description, expected, shapes
from tests.helpers.warehouse import put_files
from tests.helpers.warm import WarmWarehouse

SHAPES = shapes()


def test_every_preset_has_a_shape():
    assert {shape.preset for shape in SHAPES} == set(presets())


@pytest.fixture(scope="module")
def built(session) -> dict[str, pa.Table]:
    """Half of each source's rows in a load, then the other half."""
    session.start()
    for part in (0, 1):
        for shape in SHAPES:
            name, content = list(shape.files.items())[part]
            put_files(session.landing, {name: content, **dict([description(shape)])})
        landed = session.build()
        assert (len(landed.landed), landed.refused) == (len(SHAPES), [])
    return session.marts()


@pytest.fixture(scope="module")
def raw(session, built) -> duckdb.DuckDBPyConnection:
    """DuckDB's reading as `events`, the marts under their own names."""
    db = expected(SHAPES, session.landing)
    for name in ("fct_events", "dim_sessions", "dim_products", "row_ledger"):
        db.register(name, built[name])
    return db


def rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    return sorted(db.sql(sql).fetchall(), key=repr)


def test_events_are_those_of_the_files(raw):
    fields = "event_time, event_type, product_id, user_id, price"
    held = f"select event_time::timestamp, {fields.partition(', ')[2]} from fct_events"
    assert rows(raw, held) == rows(raw, f"select distinct {fields} from events")


def test_each_file_has_its_rows(raw):
    ledger = "select source_file, rows_accepted + rows_duplicate from row_ledger"
    counted = dict(raw.sql("select file, count(*) from events group by all").fetchall())
    found = dict(raw.sql(ledger).fetchall())
    # distinct in the reading: a line that is repeated in its file
    repeated = {name: found[name] - counted[name] for name in found if found[name] != counted[name]}
    assert set(found) == set(counted) and set(repeated) <= {"retailrocket/0.csv"}
    out = "select source_file, rows_out_of_window from row_ledger where rows_out_of_window > 0"
    assert {name.split("/")[0] for name, _ in rows(raw, out)} == {"rees46", "cosmetics"}
    assert rows(raw, "select sum(rows_quarantined) from row_ledger") == [(0,)]


def test_sessions_are_those_delivered_and_else_are_cut_by_pauses(raw):
    delivered = "select distinct user_id, session from events where session is not null"
    held = "select user_id, session_id from dim_sessions where session_id not like 'unknown_%'"
    assert rows(raw, held) == rows(raw, delivered)
    runs = """
        with events as (select distinct event_time, user_id from events where session is null),
        ends as (
            select user_id, user_id = -999999 or coalesce(event_time - lag(event_time) over (
                partition by user_id order by event_time) > interval 30 minutes, true) as is_start
            from events
        )
        select user_id, count(*) from ends where is_start group by all"""
    held = """select user_id, count(*) from dim_sessions where session_id like 'unknown_%'
        group by all"""
    assert rows(raw, held) == rows(raw, runs)


def test_products_have_the_brands_and_categories_of_the_files(raw):
    held = "select product_id, brand, category_code from dim_products"
    known = """select product_id, coalesce(max(brand) filter (brand <> 'unknown_brand'),
        'unknown_brand'), coalesce(max(code) filter (code <> 'uncategorized'), 'uncategorized')
        from events where product_id <> -1 group by all"""
    assert rows(raw, held + " where product_id <> -1") == rows(raw, known)


def test_quantities_and_currencies_are_landed_as_delivered(raw, session, tmp_path):
    found = landing.land(session.landing, tmp_path)
    copies = [str(path) for path in landing.work_copies(tmp_path, found.landed)]
    # rows without either may be out of a window, or repeated: these are no events
    counted = """select quantity, currency, count(*) from {}
        where quantity is not null or currency is not null group by all"""
    kept = rows(raw, counted.format(f"read_parquet({copies})"))
    assert kept == rows(raw, counted.format("events")) and len(kept) > 5


def test_two_loads_of_mixed_sources_equal_a_build_from_nothing(session, built):
    assert differences(rebuilt(session), built) == {}


def test_an_edited_description_is_built_as_if_it_had_always_been_so(session, built):
    path = session.landing / "sources" / "retailrocket.yml"
    before = path.read_text()
    path.write_text(before + "event_types: {view: cart}\nwindow: {end: 2015-06-04}\n")
    landed = session.build()
    assert {file.source_file.split("/")[0] for file in landed.landed} == {"retailrocket"}
    held = session.marts()
    assert sum(held["row_ledger"]["rows_out_of_window"].to_pylist()) > 2
    assert differences(rebuilt(session), held) == {}
    path.write_text(before)  # as the other tests know it


def rebuilt(session: WarmWarehouse) -> dict[str, pa.Table]:
    session.wipe()
    session.build()
    return session.marts()


def test_inspect_says_before_what_a_build_does(session, built):
    """By each description: as many usable rows and rows out of the window, with cleaned types."""
    paths = [session.landing / name for shape in SHAPES for name in shape.files]
    with judging() as judge:
        reports = inspect(session.landing, paths, judge)
    ledger = {file["source_file"]: file for file in built["row_ledger"].to_pylist()}
    assert {report.file for report in reports} == set(ledger)
    for report in reports:
        file = ledger[report.file]
        left_out = {each["reason"]: each["total_rows"] for each in report.left_out}
        told = (report.file, left_out, report.usable)
        assert report.usable == file["rows_accepted"] + file["rows_duplicate"], told
        assert left_out.get("out_of_window", 0) == file["rows_out_of_window"]
        assert sum(left_out.values()) == file["rows_out_of_window"] and report.source
