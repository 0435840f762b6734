"""The user's command hears of trouble, and can do no harm."""

import time
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from deltalake import write_deltalake

from shopstream.people import hook
from shopstream.warehouse.publishing import publish


def test_the_command_gets_event_and_message_as_they_are(monkeypatch, tmp_path):
    heard = tmp_path / "heard"
    monkeypatch.setenv(
        "SHOPSTREAM_HOOK", f'echo "$SHOPSTREAM_EVENT|$SHOPSTREAM_MESSAGE" >> {heard}'
    )
    hook.announce("refused", "a'b\"; $(touch harm).csv: empty")
    assert heard.read_text() == "refused|a'b\"; $(touch harm).csv: empty\n"
    assert not list(tmp_path.glob("harm"))


def test_a_command_that_fails_hangs_or_is_not_set_does_no_harm(monkeypatch, tmp_path):
    monkeypatch.delenv("SHOPSTREAM_HOOK", raising=False)
    hook.announce("failed", "x")
    monkeypatch.setenv("SHOPSTREAM_HOOK", "exit 7")
    hook.announce("failed", "x")

    monkeypatch.setattr(hook, "SECONDS", 0.5)
    lives = tmp_path / "lives"
    monkeypatch.setenv("SHOPSTREAM_HOOK", f"(sleep 2; touch {lives}) | cat")
    hook.announce("failed", "x")
    monkeypatch.setenv("SHOPSTREAM_HOOK", "(sleep 2; echo late) & printf '\\377' >&2")
    started = time.monotonic()
    hook.announce("failed", "x")
    assert time.monotonic() - started < 2  # not for what it left running
    time.sleep(2)
    assert not lives.exists()


def test_a_message_longer_than_the_system_takes_is_cut(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("SHOPSTREAM_HOOK", f'echo "$SHOPSTREAM_MESSAGE" > {tmp_path}/heard')
    hook.announce("refused", "\N{GRINNING FACE}" * 200_000)
    heard = (tmp_path / "heard").read_text()
    assert heard.startswith("\N{GRINNING FACE}" * 1000) and heard.endswith(" ...\n")
    hook.announce("refused", "no \0 name")
    assert "could not be run" in caplog.text


def anomalies(warehouse, *hours: int) -> None:
    """Publish a build in which these hours of the first of October are one alarm."""
    midnight = datetime(2019, 10, 1, tzinfo=UTC)
    starts, ends = (midnight + timedelta(hours=hour) for hour in (min(hours), max(hours) + 1))
    table = pa.table(
        {
            "event_type": ["purchase"] * 24,
            "direction": ["low" if hour in hours else None for hour in range(24)],
            "is_anomaly": [hour in hours for hour in range(24)],
            "alarm_id": [f"purchase low {starts:%Y%m%d%H}"] * 24,
            "alarm_starts_at": [starts] * 24,
            "alarm_ends_at": [ends] * 24,
        }
    )
    folder = warehouse / "shopstream_commerce.db" / "hourly_anomalies"
    write_deltalake(folder, table, mode="overwrite")
    publish(warehouse)


def test_an_alarm_is_told_once_however_long_it_goes_on(tmp_path):
    anomalies(tmp_path, 3)
    assert hook.new_anomalies(tmp_path) == [
        "2019-10-01 03:00 to 2019-10-01 04:00 UTC: purchase unusually low"
    ]
    anomalies(tmp_path, 3, 4)
    assert hook.new_anomalies(tmp_path) == []
    anomalies(tmp_path, 7, 8)
    assert hook.new_anomalies(tmp_path) == [
        "2019-10-01 07:00 to 2019-10-01 09:00 UTC: purchase unusually low"
    ]


def test_without_the_business_marts_there_is_nothing_to_tell(tmp_path):
    write_deltalake(tmp_path / "shopstream_core.db" / "dim_time", pa.table({"x": [1]}))
    publish(tmp_path)
    assert hook.new_anomalies(tmp_path) == []
