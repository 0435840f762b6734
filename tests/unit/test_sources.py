"""Descriptions of sources: what they say, which file they are of, and what is wrong with one."""

from datetime import date

import pytest

from shopstream.errors import LandingError
from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.description import SourceError, presets
from shopstream.intake.sources import DEFAULT, preset, source_of, sources

FILES = 'files: ["*.csv"]\n'


@pytest.fixture
def put(tmp_path):
    """Write descriptions by name, and read all there are."""
    (tmp_path / "sources").mkdir()

    def write(**texts: str):
        for name, text in texts.items():
            (tmp_path / "sources" / f"{name}.yml").write_text(text)
        return sources(tmp_path)

    return write


def one(put, text: str):
    (source,) = put(a=text)
    return source


def test_without_the_folder_there_is_none_and_a_file_is_of_the_nine_columns(tmp_path):
    assert sources(tmp_path) == []
    assert source_of("a.csv", []) is DEFAULT
    assert [DEFAULT.delivered(c) for c in EVENT_COLUMNS] == list(EVENT_COLUMNS)
    assert DEFAULT.delivered("quantity") is DEFAULT.delivered("currency") is None


def test_all_keys_are_read_as_texts(put):
    source = one(
        put,
        """
files: [clicks/*.csv, "*.tsv"]
columns: {event_time: " Zeit ", quantity: QTY, price: 12}
time: {format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
delimiter: "\\t"
header: [zeit, qty, "12", event_type, product_id]
event_types: {" Yes": Purchase, 1: view}
constants: {currency: NO, brand: 1.50}
nulls: {price: ["-", N/A]}
absent: [user_id, user_session]
hashed: [product_id]
window: {start: 2020-01-01}
""",
    )
    assert (source.name, source.files, source.file) == (
        "a",
        ("clicks/*.csv", "*.tsv"),
        "sources/a.yml",
    )
    assert source.columns == {"event_time": "zeit", "quantity": "qty", "price": "12"}
    assert (source.time_format, source.zone) == ("%d.%m.%Y %H:%M", "Europe/Berlin")
    assert (source.delimiter, source.header[2]) == ("\t", "12")
    assert source.event_types == {"yes": "purchase", "1": "view"}
    assert source.constants == {"currency": "NO", "brand": "1.50"}
    assert source.nulls == {"price": ("-", "n/a")}
    assert (source.absent, source.hashed) == (("user_id", "user_session"), ("product_id",))
    assert (source.window_start, source.window_end) == (date(2020, 1, 1), None)
    wanted = ["event_time", "event_type", "currency", "brand", "user_id", "quantity"]
    found = ["zeit", "event_type", None, None, None, "qty"]
    assert [source.delivered(column) for column in wanted] == found


@pytest.mark.parametrize("name", presets())
def test_each_preset_is_sound_and_gives_what_an_event_needs(name):
    source = preset(name)
    for column in ("event_time", "event_type", "product_id"):
        assert source.delivered(column) or column in source.constants
    assert source.files == () and source.name == name


def test_a_preset_is_where_a_description_starts_from(put):
    text = "columns: {price: amount, user_id: who}\nevent_types: {seen: view}\n"
    source, base = one(put, FILES + "preset: retailrocket\n" + text), preset("retailrocket")
    assert source.columns == base.columns | {"price": "amount", "user_id": "who"}
    assert source.event_types == base.event_types | {"seen": "view"}
    assert source.absent == tuple(c for c in base.absent if c != "price"), "it is there after all"
    assert source.time_format == "epoch_milliseconds"


def test_a_column_is_where_it_was_said_last(put):
    text = "absent: [brand]\nconstants: {currency: EUR}\ncolumns: {event_type: kind}\n"
    source = one(put, FILES + "preset: shopify_orders\n" + text)
    assert not {"brand", "currency"} & set(source.columns)
    assert source.constants == {"currency": "EUR"} and source.absent == ("brand",)
    assert source.delivered("event_type") == "kind"


# --- hash ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# a word\n",
        "preset: electronics\n",
        "delimiter: ','\n",
        "time: {format: text, zone: UTC}\n",
        "columns:\nconstants: {}\nabsent: []\n",
    ],
)
def test_what_says_nothing_new_has_no_hash(put, text):
    assert one(put, FILES + text).hash == ""


def test_the_hash_is_of_what_decides_rows_and_not_of_names_and_notes(put):
    first, second = put(a=FILES + "delimiter: ';'", b='# b\nfiles: ["b/*"]\ndelimiter: ";"\n')
    assert first.hash == second.hash != ""


@pytest.mark.parametrize(
    "text",
    [
        "delimiter: '|'",
        "columns: {user_id: u}",
        "time: {zone: Europe/Berlin}",
        "time: {format: epoch_seconds}",
        "header: [event_time, event_type, product_id, user_id]",
        "event_types: {buy: purchase}",
        "constants: {currency: EUR}",
        "nulls: {brand: [none]}",
        "absent: [price]",
        "hashed: [user_id]",
        "window: {start: 2020-01-01}",
        "window: {end: 2020-01-01}",
    ],
)
def test_each_key_moves_the_hash(put, text):
    plain, other = put(a=FILES + "delimiter: ';'", b=f"files: [b]\npreset: electronics\n{text}")
    assert other.hash not in ("", plain.hash)


# --- which files ---------------------------------------------------------------------------------


def test_a_pattern_is_of_names_below_the_landing_folder_and_of_all_in_a_folder_or_zip(put):
    described = put(a='files: [clicks, "b*.zip", "x/*.csv"]')
    names = {
        "clicks/day/a.csv": "a",
        "b1.zip": "a",
        "b1.zip/in/m.csv": "a",
        "x/y/a.csv": "a",
        "a.csv": "",
        "clicks.csv": "",
        "X/a.csv": "",
    }
    assert {name: source_of(name, described).name for name in names} == names


def test_a_file_that_two_descriptions_match_is_an_error(put):
    described = put(a='files: ["*.csv"]', b='delimiter: ";"\nfiles: ["x/*"]')
    assert source_of("a.csv", described).name == "a"
    with pytest.raises(SourceError) as error:
        source_of("x/a.csv", described)
    assert str(error.value).startswith("sources/b.yml, line 2: x/a.csv is described here and in")
    assert "sources/a.yml: change the patterns of one" in str(error.value)


def test_other_files_in_the_folder_are_none(put, tmp_path):
    for name in ("notes.txt", "a.csv", ".hidden.yml"):
        (tmp_path / "sources" / name).write_text(":")
    (tmp_path / "sources" / "b.YAML").write_text(FILES)
    assert [source.name for source in put(a=FILES)] == ["a", "b"]


# --- what is wrong -------------------------------------------------------------------------------

WRONG = {
    "no_files": ("delimiter: ';'", 1, "which files"),
    "unknown_key": (FILES + "columms: {}", 2, "columms is not a key: write one of absent, columns"),
    "unknown_column": (FILES + "columns:\n  event_time: t\n  userid: u", 4, "userid is not one of"),
    "unknown_constant": (FILES + "constants: {amount: 1}", 2, "amount is not one of"),
    "constant_time": (FILES + "constants: {event_time: now}", 2, "event_time is not one of"),
    "unknown_absent": (FILES + "absent:\n- price\n- prize", 4, "prize is not one of"),
    "needed_absent": (FILES + "absent: [product_id]", 2, "no event without product_id"),
    "hashed_price": (FILES + "hashed: [price]", 2, "price is not one of"),
    "unknown_preset": (FILES + "preset: magento", 2, "write one of backend_log, cosmetics"),
    "preset_of_a_path": (FILES + "preset: ../sources/a", 2, "is not a preset"),
    "unknown_zone": (FILES + "time:\n  zone: Berlin", 3, "Berlin is not a time zone"),
    "unknown_time_key": (FILES + "time: {fromat: text}", 2, "fromat is not a key of time"),
    "unknown_format": (FILES + "time: {format: epoch}", 2, "write text, epoch_seconds"),
    "unknown_directive": (FILES + "time: {format: '%Y-%m-%d %H:%Q'}", 2, "%Q can't stand"),
    "open_directive": (FILES + "time: {format: '%Y-%m-%d %H:%M:%'}", 2, "% can't stand"),
    "date_alone": (FILES + "time: {format: '%Y-%m-%d'}", 2, "lacks year, month, day or hour"),
    "two_characters": (FILES + "delimiter: '||'", 2, "'||' is not one character"),
    "no_delimiter": (FILES + "delimiter: ''", 2, "is not one character"),
    "quote_as_delimiter": (FILES + "delimiter: '\"'", 2, "is not one character"),
    "empty_header": (FILES + "header: []", 2, "header names no column"),
    "header_lacks": (
        FILES + "header: [a]\ncolumns:\n  event_time: b",
        4,
        "b, which is to be event_time",
    ),
    "header_lacks_needed": (
        FILES + "header: [event_time, product_id]\nconstants: {event_type: view}",
        2,
        "no column is user_id",
    ),
    "twice": (FILES + "absent: [price]\nabsent: [brand]", 3, "absent comes twice"),
    "type_twice": (FILES + "event_types: {Buy: cart,\n  buy: purchase}", 3, "buy comes twice"),
    "two_places": (
        FILES + "columns: {price: p}\nconstants:\n  price: 1",
        4,
        "price is under columns and constants",
    ),
    "no_date": (FILES + "window: {start: 1.1.2020}", 2, "1.1.2020 is not a date"),
    "window_key": (FILES + "window: {from: 2020-01-01}", 2, "from is not a key of window"),
    "window_backwards": (
        FILES + "window: {start: 2020-01-02, end: 2020-01-01}",
        2,
        "ends before it starts",
    ),
    "absolute": ("files: [/data/a.csv]", 1, "not a pattern of names below"),
    "list": ("- a\n", 1, "not a list of keys"),
    "text": ("a word", 1, "not a list of keys"),
    "map_as_text": (FILES + "columns: user_id", 2, "columns is not a map"),
    "list_as_map": (FILES + "absent: {price: x}", 2, "absent is not a list of texts"),
    "map_in_map": (FILES + "columns: {price: {a: b}}", 2, "price is not one text"),
    "bad_yaml": (FILES + "columns: {price: a\ntime: [", 3, "not YAML"),
    "tab": (FILES + "columns:\n\tprice: a", 3, "not YAML"),
    "endless": ("files: &a [*a]", 1, "not YAML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_description_is_told_with_file_line_and_remedy(put, case):
    text, line, words = WRONG[case]
    with pytest.raises(LandingError) as error:
        put(a=text)
    assert str(error.value).startswith(f"sources/a.yml, line {line}: ")
    assert words in str(error.value) and "\n" not in str(error.value)
    assert error.value.remedy


def test_bytes_that_are_no_text_are_told(put, tmp_path):
    (tmp_path / "sources" / "a.yml").write_bytes(b"files: [\xff]")
    with pytest.raises(SourceError, match="no text of UTF-8"):
        put()
