"""What a description makes of delivered values, in CSV, JSON lines and Parquet."""

import gzip
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shopstream.errors import LandingError
from shopstream.intake.described import NOT_SHOWN
from tests.helpers.shop import Shop

FILES = 'files: ["*"]\n'


def deliver(shop: Shop, form: str, rows: list[dict]) -> None:
    """The same texts in each format; None is nothing."""
    if form == "jsonl":
        lines = [json.dumps({k: v for k, v in row.items() if v is not None}) for row in rows]
        shop.put("a.jsonl", "\n".join(lines))
        return
    names = list(rows[0])
    if form == "parquet":
        columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in names}
        pq.write_table(pa.table(columns), shop.landing / "a.parquet")
        return
    lines = [",".join(names), *(",".join(row[n] or "" for n in names) for row in rows)]
    text = ("\n".join(lines) + "\n").encode()
    shop.put(
        "a.csv" if form == "csv" else "a.csv.gz", text if form == "csv" else gzip.compress(text)
    )


FORMS = ["csv", "csv.gz", "jsonl", "parquet"]


def landed(shop: Shop, form: str, column: str, texts: list, description: str) -> list:
    """What becomes of the texts of one of our columns, which is delivered as `x`."""
    usual = {"event_time": "t", "event_type": "view", "product_id": "1", "user_id": "2"}
    rows = [{**{k: v for k, v in usual.items() if k != column}, "X ": text} for text in texts]
    shop.describe(f"{FILES}columns: {{{column}: x}}\n{description}")
    deliver(shop, form, rows)
    _, found = shop.only()
    return [row[column] for row in found]


EPOCHS = {
    "epoch_seconds": {
        "1570269600": "2019-10-05 10:00:00 UTC",
        " 1570269600 ": "2019-10-05 10:00:00 UTC",
        "1570269600.5": "2019-10-05 10:00:00.5 UTC",
        "1570269600.123456789": "2019-10-05 10:00:00.123456 UTC",
        "1570269600.": "2019-10-05 10:00:00 UTC",
        "-1": "1969-12-31 23:59:59 UTC",
        "1570269600000": "1570269600000",  # milliseconds: the year 51,000
        "1.57e9": "1.57e9",
        "9" * 40: "9" * 40,
        None: None,
        "null": "null",
        "2019-10-05 10:00:00": "2019-10-05 10:00:00 (not epoch_seconds)",
    },
    "epoch_milliseconds": {
        "1433221332117": "2015-06-02 05:02:12.117 UTC",
        "1433221332117.9": "2015-06-02 05:02:12.1179 UTC",
        "1433221332117.0009": "2015-06-02 05:02:12.117 UTC",
        "253402300799999": "9999-12-31 23:59:59.999 UTC",
        "253402300800000": "253402300800000",
    },
    "epoch_microseconds": {
        "1570269600000001": "2019-10-05 10:00:00.000001 UTC",
        "1570269600000001.9": "2019-10-05 10:00:00.000001 UTC",
        "-62135596800000001": "-62135596800000001",
    },
    "'%d.%m.%Y %H:%M:%S'": {
        "05.10.2019 10:00:00": "2019-10-05 10:00:00 UTC",
        " 5.10.2019 9:00:00": "2019-10-05 09:00:00 UTC",
        "31.02.2019 10:00:00": "31.02.2019 10:00:00",
        "10/05/2019 10:00:00": "10/05/2019 10:00:00",
        "05.10.19 10:00:00": "05.10.19 10:00:00",
        "05.10.2019 24:00:00": "05.10.2019 24:00:00",
        "05.10.2019": "05.10.2019",
        "infinity": "infinity",
        "2019-10-05 10:00:00": "2019-10-05 10:00:00 (not %d.%m.%Y %H:%M:%S)",
    },
    "'%Y-%m-%d %H:%M:%S %z'": {
        "2019-10-05 10:00:00 -0500": "2019-10-05 15:00:00 UTC",
        "2019-10-05 10:00:00 +05:30": "2019-10-05 04:30:00 UTC",
        "2019-10-05 10:00:00": "2019-10-05 10:00:00 (not %Y-%m-%d %H:%M:%S %z)",
    },
    "'%Y-%m-%dT%H:%M:%S.%f'": {"2019-10-05T10:00:00.25": "2019-10-05 10:00:00.25 UTC"},
    "'%m/%d/%y %I:%M %p'": {"10/05/19 11:05 PM": "2019-10-05 23:05:00 UTC"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("time", EPOCHS)
def test_a_time_that_fits_is_shown_in_utc_and_no_other_is_taken_for_one(shop, form, time):
    texts = EPOCHS[time]
    found = landed(shop, form, "event_time", list(texts), f"time: {{format: {time}}}")
    assert found == list(texts.values())


@pytest.mark.parametrize("form", FORMS)
def test_local_times_are_those_of_their_zone(shop, form):
    texts = {
        "2019-07-01 12:00:00": "2019-07-01 10:00:00 UTC",
        "2019-12-01T12:00:00.1234567": "2019-12-01 11:00:00.1234567 UTC",
        "2019-12-01 12:00:00Z": "2019-12-01 12:00:00Z",
        "2019-12-01 12:00:00+05": "2019-12-01 12:00:00+05",
        "2020-01-01 00:30:00": "2019-12-31 23:30:00 UTC",
        "2019-03-31 02:30:00": "2019-03-31 02:30:00 Europe/Berlin",  # no such time
        "2019-10-27 02:30:00": "2019-10-27 01:30:00 UTC",  # came twice: the later
        "2019-02-30 10:00:00": "2019-02-30 10:00:00",
        "12:30": "12:30",
    }
    found = landed(shop, form, "event_time", list(texts), "time: {zone: Europe/Berlin}")
    assert found == list(texts.values())


def test_a_zone_is_that_of_pythons_own_tables(shop):
    zone = ZoneInfo("America/New_York")
    times = [datetime(2019, 1, 1, 12) + timedelta(days=7 * week) for week in range(52)]
    texts = [f"{time:%d/%m/%Y %H:%M}" for time in times]
    text = "time: {format: '%d/%m/%Y %H:%M', zone: America/New_York}"
    found = landed(shop, "csv", "event_time", texts, text)
    local = [time.replace(tzinfo=zone).astimezone(UTC) for time in times]
    assert found == [f"{time:%Y-%m-%d %H:%M:%S} UTC" for time in local]


def test_typed_times_are_times_whatever_the_format_and_local_ones_are_of_the_zone(shop):
    moment = datetime(2019, 7, 1, 12)
    local = moment.replace(tzinfo=timezone(timedelta(hours=-5)))
    for name, value in (("naive", moment), ("zoned", local)):
        shop.put_parquet(f"{name}.parquet", event_time=[value])
    shop.describe(FILES + "time: {format: epoch_seconds, zone: Europe/Berlin}")
    result = shop.land()
    found = {file.source_file: shop.rows(file)[0]["event_time"] for file in result.landed}
    assert found == {
        "naive.parquet": "2019-07-01 10:00:00 UTC",
        "zoned.parquet": "2019-07-01 17:00:00 UTC",
    }


def test_numbers_of_a_typed_file_are_epochs_too(shop):
    shop.put_parquet("a.parquet", event_time=[1570269600000, None])
    shop.describe(FILES + "time: {format: epoch_milliseconds}")
    _, rows = shop.only()
    assert [row["event_time"] for row in rows] == ["2019-10-05 10:00:00 UTC", None]


@pytest.mark.parametrize("form", FORMS)
def test_event_types_are_known_in_any_case_and_trimmed(shop, form):
    texts = {
        "AddToCart": "cart",
        " addtocart\u00a0": "cart",
        "it's": "view",
        "other": "other",
        None: None,
    }
    types = 'event_types: {addtocart: cart, "it\'s": View}'
    assert landed(shop, form, "event_type", list(texts), types) == list(texts.values())


@pytest.mark.parametrize("form", FORMS)
def test_a_hashed_id_is_a_number_made_of_its_text(shop, form):
    def number(text: str) -> str:
        return str(int(hashlib.sha256(text.encode()).hexdigest()[:15], 16))

    texts = {
        "ada@example.com": number("ada@example.com"),
        " ada@example.com ": number("ada@example.com"),
        "Ada@example.com": number("Ada@example.com"),
        "7": number("7"),
        None: None,
        "NULL": None,
        "(not set)": None,
    }
    text = "hashed: [product_id]\nnulls: {product_id: [(Not Set)]}"
    assert landed(shop, form, "product_id", list(texts), text) == list(texts.values())


def test_a_row_that_could_not_be_split_shows_no_hashed_id(shop):
    shop.describe(FILES + "hashed: [user_id]")
    names = "event_time,event_type,product_id,user_id"
    shop.put("a.csv", f"{names}\nt,view,1,ada@example.com\nt,view,1,ada@example.com,x\n")
    shop.put("b.jsonl", '{"user_id": "ada@example.com", "event_time"\n' + json.dumps(ROW))
    for file in shop.land().landed:
        rows = shop.rows(file)
        assert [row["bad_row"] for row in rows if row["bad_row"]] == [NOT_SHOWN]
        assert "ada" not in str(rows)


@pytest.mark.parametrize("form", FORMS)
def test_constants_are_of_each_row_and_a_column_of_the_file_is_not(shop, form):
    shop.describe(FILES + "constants: {event_type: Purchase, currency: EUR}\nabsent: [user_id]")
    row = {"event_time": "t", "product_id": "1", "event_type": "x", "quantity": "3", "user_id": "4"}
    deliver(shop, form, [row, {**row, "product_id": "2"}])
    file, rows = shop.only()
    assert [row["event_type"] for row in rows] == ["Purchase", "Purchase"]
    assert [row["currency"] for row in rows] == ["EUR", "EUR"]
    assert [(row["user_id"], row["quantity"]) for row in rows] == [(None, None)] * 2
    assert file.notes.startswith(
        "read by sources/a.yml; missing columns, taken as null: category_id"
    )
    assert "user_id" in file.notes.split("extra columns")[1], "there, and not read"


@pytest.mark.parametrize("form", FORMS)
def test_one_delivered_column_may_be_two_of_ours(shop, form):
    shop.describe(FILES + "columns: {user_id: who, user_session: who, quantity: n}")
    row = {"event_time": "t", "event_type": "view", "product_id": "1", "who": "5", "n": "2"}
    deliver(shop, form, [row])
    _, (found,) = shop.only()
    assert (found["user_id"], found["user_session"], found["quantity"]) == ("5", "5", "2")


def test_a_file_without_a_header_line_is_read_by_the_names_given(shop):
    shop.describe(FILES + "header: [event_time, '', event_type, product_id, user_id]\n")
    shop.put("a.csv", '\ufeffa,x,view,1,2\n\nb,x,cart,3\n"c",x,"ca""rt",3,4')
    file, rows = shop.only()
    assert [row["event_time"] for row in rows] == ["a", None, "c"]
    assert rows[1]["bad_row"] == "b,x,cart,3" and rows[2]["event_type"] == 'ca"rt'
    assert [row["row_number"] for row in rows] == [1, 2, 3]


@pytest.mark.parametrize("delimiter", [";", "\\t", "|", " ", "^", "]"])
def test_fields_are_cut_by_the_delimiter_given(shop, delimiter):
    shop.describe(f'{FILES}delimiter: "{delimiter}"')
    mark = delimiter.replace("\\t", "\t")
    names = ["event_time", "event_type", "product_id", "user_id", "price", "brand"]
    good = ["t", "view", "1", "2", "1,5", f'"a{mark}\n""b"']
    lines = [names, good, [*good, "more"], ["", "", "3", "", "", ""]]
    shop.put("a.csv", "\n".join(mark.join(line) for line in lines))
    _, rows = shop.only()
    assert [row["product_id"] for row in rows] == ["1", None, "3"]
    assert (rows[0]["price"], rows[0]["brand"]) == ("1,5", f'a{mark}\n"b')
    assert rows[1]["bad_row"] == mark.join(lines[2])


def test_endings_that_a_pattern_names_are_csv(shop):
    shop.describe('files: ["*.tsv", "b/*.dat.gz", "z.zip", "*/m.txt", "n/*"]\ndelimiter: "\\t"')
    text = "event_time\tevent_type\tproduct_id\tuser_id\nt\tview\t{}\t2\n"
    shop.put("a.TSV".lower(), text.format(1))
    shop.put("b/c.dat.gz", gzip.compress(text.format(2).encode()))
    shop.put_zip("z.zip", {"in.csv": text.format(3), "m.txt": text.format(4), "other.txt": "x"})
    shop.put("n/notes.txt", "a word")
    shop.put("d.dat", "a word")
    result = shop.land()
    assert {file.source_file: file.format for file in result.landed} == {
        "a.tsv": "csv",
        "b/c.dat.gz": "csv.gz",
        "z.zip/in.csv": "csv",
        "z.zip/m.txt": "csv",
    }
    assert result.ignored == ["d.dat", "n/notes.txt"] and result.refused == []


# --- what does not fit ---------------------------------------------------------------------------

ROW = {"event_time": "t", "event_type": "view", "product_id": "1", "user_id": "2"}


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_a_file_that_lacks_a_named_column_is_refused_with_the_descriptions_name(shop, form):
    shop.describe(FILES + "columns: {quantity: qty}")
    deliver(shop, form, [ROW])
    reason = shop.reason(f"a.{form}")
    assert "missing qty (quantity); found event_time, event_type" in reason
    assert "mend sources/a.yml, or name these columns in the" in reason


def test_json_lines_may_leave_a_named_column_out_but_not_one_that_is_needed(shop):
    shop.describe(FILES + "columns: {quantity: qty, user_id: who}")
    shop.put("a.jsonl", json.dumps({**ROW, "who": 5}) + "\n")
    _, (row,) = shop.only()
    assert (row["user_id"], row["quantity"]) == ("5", None)
    shop.put("b.jsonl", json.dumps(ROW) + "\n")
    assert "missing who (user_id)" in shop.land().refused[0].reason


def test_a_json_line_that_names_a_delivered_column_twice_is_bad(shop):
    shop.describe(FILES + "columns: {user_id: who}")
    shop.put("a.jsonl", json.dumps({**ROW, "who": 5})[:-1] + ', "WHO": 6}\n' + json.dumps(ROW))
    _, rows = shop.only()
    assert rows[0]["bad_row"] and rows[1]["user_id"] is None


def test_values_of_the_path_stand_in_for_columns_that_the_description_expects(shop):
    shop.describe(FILES + "columns: {event_type: kind, user_id: who}\nconstants: {brand: acme}")
    text = "event_time,product_id,who\nt,1,2\n"
    shop.put("event_type=cart/brand=other/a.csv", text)
    file, (row,) = shop.only()
    assert (row["event_type"], row["brand"], row["user_id"]) == ("cart", "acme", "2")
    assert "read from the path: event_type" in file.notes


def test_a_wrong_description_stops_the_run_before_anything_is_landed(shop):
    shop.put("a.csv", "event_time,event_type,product_id,user_id\nt,view,1,2\n")
    shop.describe("files: [a.csv]\ncolumms: {}")
    with pytest.raises(LandingError, match="sources/a.yml, line 2: columms is not a key"):
        shop.land()
    assert not shop.home.exists()


def test_two_descriptions_of_one_zip_member_stop_the_run(shop):
    shop.put_zip("a.zip", {"m.csv": "event_time,event_type,product_id,user_id\nt,view,1,2\n"})
    shop.describe('files: ["a.zip"]')
    shop.describe('files: ["*/m.csv"]', "b")
    with pytest.raises(LandingError, match="a.zip/m.csv is described here and in sources/a.yml"):
        shop.land()
    assert shop.table("landed_files") == [] and shop.table("deliveries") == []


def test_a_description_of_no_file_is_named(shop):
    shop.put_zip("z.zip", {"m.csv": "event_time,event_type,product_id,user_id\nt,view,1,2\n"})
    for name, pattern in (("a", "*/m.csv"), ("b", "z"), ("c", "z.zip")):
        shop.describe(f"files: ['{pattern}']", name)
    with pytest.raises(LandingError, match="described here and in"):
        shop.land()
    shop.describe("files: ['m.csv']", "c")
    for _ in range(2):
        assert shop.land().unused_descriptions == ["sources/b.yml", "sources/c.yml"]


def test_descriptions_are_no_deliveries_and_other_files_beside_them_are(shop):
    shop.describe("files: [x]")
    text = "event_time,event_type,product_id,user_id\nt,view,1,2\n"
    for name in ("sources/a.csv", "b/sources/c.yml"):
        shop.put(name, text)
    result = shop.land()
    assert [file.source_file for file in result.landed] == ["sources/a.csv"]
    assert result.ignored == ["b/sources/c.yml"]
