"""A description that is changed, added or taken away: what was read by another is read anew."""

import pytest

from shopstream.errors import LandingError
from shopstream.intake import corrections, landing
from shopstream.intake.register import landed_files
from tests.helpers.shop import Shop

HEADER = "event_time,event_type,product_id,user_id"
TEXT = f"{HEADER}\nt,view,1,2\nt,buy,1,2\n"
OURS = 'files: ["*.csv"]\nevent_types: {buy: purchase}\n'


def from_nothing(shop: Shop, tmp_path) -> dict:
    """What another warehouse would land of the same folder, by hash."""
    other = tmp_path / "other"
    result = landing.land(shop.landing, other)
    return {file.file_sha256: _kept(file) for file in result.landed}


def _kept(file) -> tuple:
    windows = file.window_start, file.window_end
    return file.source_file, file.rows_read, file.notes, file.source_hash, windows


def types(shop: Shop, file) -> list[str]:
    return [row["event_type"] for row in shop.rows(file)]


def test_a_changed_description_has_its_files_read_anew_in_a_load_of_their_own(shop, tmp_path):
    shop.put("a.csv", TEXT)
    shop.put("b.txt", TEXT.replace("t,", "u,"))
    (first,) = shop.land().landed
    shop.describe(OURS)
    result = shop.land()
    (again,) = result.landed
    assert (result.load_id, again.load_id, again.first_load_id) == (2, 2, 1)
    assert again.file_sha256 == first.file_sha256, "known by its bytes, as before"
    assert types(shop, again) == ["view", "purchase"]
    assert {f.file_sha256: _kept(f) for f in landed_files(shop.warehouse)} == from_nothing(
        shop, tmp_path
    )
    assert shop.land().landed == [], "once"
    (shop.landing / "sources" / "a.yml").unlink()
    (back,) = shop.land().landed
    assert (back.load_id, back.source_hash) == (3, "") and types(shop, back) == ["view", "buy"]


@pytest.mark.parametrize(
    "text", ["# a word\n" + OURS, OURS.replace("*.csv", "a*"), OURS + "delimiter: ','\n"]
)
def test_what_changes_no_row_reads_nothing_anew(shop, text):
    shop.put("a.csv", TEXT)
    shop.describe(OURS)
    shop.land()
    shop.describe(text)
    assert shop.land().load_id is None


def test_a_window_is_part_of_it(shop):
    shop.put("a.csv", TEXT)
    shop.describe(OURS)
    shop.land()
    shop.describe(OURS + "window: {start: 2020-01-01}")
    (file,) = shop.land().landed
    assert str(file.window_start) == "2020-01-01" and file.window_end is None


def test_a_refused_file_is_tried_again_by_the_new_description(shop):
    shop.put("a.csv", TEXT.replace("user_id", "who"))
    assert len(shop.land().refused) == 1
    shop.describe(OURS + "columns: {user_id: who}")
    result = shop.land()
    assert (len(result.landed), result.refused, result.known_refused) == (1, [], [])
    assert shop.table("refused_files") == []


def test_members_of_a_zip_are_read_anew_each_by_its_own(shop):
    shop.put_zip("z.zip", {"a.csv": TEXT, "b.csv": TEXT.replace("t,", "u,")})
    shop.land()
    shop.describe(OURS.replace("*.csv", "z.zip/b.csv"))
    (file,) = shop.land().landed
    assert file.source_file == "z.zip/b.csv" and types(shop, file) == ["view", "purchase"]


def test_a_description_that_fits_no_more_stops_the_run_and_nothing_is_lost(shop):
    shop.put("a.csv", TEXT)
    shop.land()
    shop.describe(OURS + "columns: {price: amount}")
    with pytest.raises(LandingError, match="a.csv was landed.*sources/a.yml.*missing amount"):
        shop.land()
    assert [file.load_id for file in landed_files(shop.warehouse)] == [1]
    shop.describe(OURS)
    assert types(shop, shop.land().landed[0]) == ["view", "purchase"]


def test_a_file_that_is_gone_stops_the_run_until_it_is_withdrawn_or_back(shop):
    path = shop.put("a.csv", TEXT)
    shop.land()
    path.unlink()
    shop.put("b.csv", TEXT.replace("t,", "u,"))
    shop.land()
    shop.describe(OURS)
    with pytest.raises(LandingError, match="description of a.csv is not.*withdraw NAME"):
        shop.land()
    shop.put("a.csv", TEXT)
    assert len(shop.land().landed) == 2
    path.unlink()
    shop.describe(OURS + "nulls: {brand: [x]}")
    shas = {f.file_sha256 for f in landed_files(shop.warehouse) if f.source_file == "a.csv"}
    corrections.withdraw(shop.warehouse, shas)
    (file,) = shop.land().landed
    assert file.source_file == "b.csv"


def test_what_was_withdrawn_stays_out_and_comes_back_by_the_new_description(shop):
    shop.put("a.csv", TEXT)
    (file,) = shop.land().landed
    corrections.withdraw(shop.warehouse, {file.file_sha256})
    shop.describe(OURS + "window: {end: 2020-01-01}")
    assert shop.land().landed == []
    corrections.reload(shop.landing, shop.warehouse, {file.file_sha256})
    (back,) = landed_files(shop.warehouse)
    assert types(shop, back) == ["view", "purchase"]
    assert str(back.window_end) == "2020-01-01" and back.withdrawn_at is None
    assert shop.land().load_id is None


def test_reading_again_does_not_mix_two_descriptions(shop):
    shop.put("a.csv", TEXT)
    (file,) = shop.land().landed
    shop.describe(OURS)
    with pytest.raises(LandingError, match="description of a.csv was changed.*make build"):
        landing.reread(shop.landing, shop.warehouse, {file.file_sha256})
    shop.land()
    landing.reread(shop.landing, shop.warehouse, {file.file_sha256})


def test_a_smaller_name_brings_its_description_along(shop, tmp_path):
    shop.put("b.csv", TEXT)
    shop.describe(OURS.replace("*", "[ab]"))
    shop.land()
    shop.put("a.csv", TEXT)
    result = shop.land()
    assert (result.landed, [r.new_name for r in result.renamed]) == ([], ["a.csv"])
    shop.describe(OURS.replace("*.csv", "a.csv"), "a")
    with pytest.raises(LandingError, match="a.csv and b.csv hold the same bytes.*differently"):
        shop.land()
    (shop.landing / "b.csv").unlink()
    assert shop.land().load_id is None
    (shop.landing / "a.csv").rename(shop.landing / "c.csv")
    (file,) = shop.land().landed
    assert types(shop, file) == ["view", "buy"], "by the name that is there"


def test_the_same_header_alone_may_be_described_differently(shop):
    for name in ("a.csv", "b.csv"):
        shop.put(name, HEADER + "\n")
    shop.describe(OURS.replace("*.csv", "b.csv"))
    assert len(shop.land().landed) == 1 and shop.land().load_id is None


def test_a_full_refresh_reads_by_what_is_there_now(shop):
    shop.put("a.csv", TEXT)
    shop.land()
    shop.describe(OURS)
    (file,) = shop.land(anew=True).landed
    assert types(shop, file) == ["view", "purchase"] and file.source_hash
    assert shop.land().load_id is None


def test_a_register_of_before_gets_the_new_columns(shop):
    from deltalake import DeltaTable, write_deltalake

    shop.put("a.csv", TEXT)
    shop.land()
    folder = str(shop.home / "landed_files")
    new = ["source_hash", "window_start", "window_end"]
    old = DeltaTable(folder).to_pyarrow_table().drop_columns(new)
    write_deltalake(folder, old, mode="overwrite", schema_mode="overwrite")
    assert shop.land().load_id is None
    assert set(new) <= set(DeltaTable(folder).to_pyarrow_table().column_names)
