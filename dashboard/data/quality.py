"""What became of delivered rows, and the rules that were tested."""

import json

import duckdb
import pandas as pd

from dashboard.data.marts import Build, MissingMart, query
from shopstream.intake.columns import EVENT_COLUMNS, ROW_COLUMNS


def values_of(delivered_row: str) -> dict[str, str | None] | None:
    """The values of a row as delivered, by column; None of a row that could not be split."""
    try:
        values = json.loads(delivered_row)
    except ValueError:
        return None
    # A row that could not be split may be JSON of its own: a number, or other names and values.
    if not isinstance(values, dict) or not values.keys() <= set(ROW_COLUMNS):
        return None
    return values if all(isinstance(v, str | None) for v in values.values()) else None


def has_prices(build: Build) -> bool:
    """Whether any event has a price above 0; True of a build that does not say so."""
    try:
        found = query(build, "select has_prices from data_coverage")
    except (MissingMart, duckdb.BinderException):  # of an earlier version
        return True
    return bool(found["has_prices"].ne(False).all())


def fates(build: Build) -> pd.DataFrame:
    """Delivered rows of each load by fate."""
    return query(
        build,
        """select load_id, min(loaded_at) as loaded_at, count(*) as files,
            sum(rows_read) as rows_read, sum(rows_accepted) as accepted,
            sum(rows_duplicate) as duplicate, sum(rows_out_of_window) as out_of_window,
            sum(rows_quarantined) as quarantined, sum(rows_erased) as erased
        from row_ledger group by load_id order by load_id""",
    )


def quarantine(build: Build) -> pd.DataFrame:
    """Quarantined rows by reason, each with its first row as it was delivered."""
    return query(
        build,
        """with counted as (
            select reason, count(*) as rows, min(source_file) as file
            from quarantined_events group by reason
        ), first_rows as (
            select q.reason, coalesce(min(q.row_number), -1) as row_number
            from quarantined_events as q join counted as c
                on q.reason = c.reason and q.source_file = c.file
            group by q.reason
        )
        select c.reason, c.rows, min(q.delivered_row) as example, c.file
        from counted as c join first_rows as f on f.reason = c.reason
        join quarantined_events as q on q.reason = c.reason and q.source_file = c.file
            and coalesce(q.row_number, -1) = f.row_number
        group by all order by rows desc, c.reason""",
    )


def refused_files(build: Build) -> pd.DataFrame:
    """Files that could not be read as events."""
    return query(
        build,
        "select source_file, reason, seen_at from refused_files order by seen_at desc, source_file",
    )


def sample_rows(build: Build) -> pd.DataFrame:
    """The first rows of the file that was landed last, before and after cleaning, as text."""
    values = ", ".join(f"{name}::varchar as {name}" for name in EVENT_COLUMNS[1:])
    return query(
        build,
        f"""select source_file as file, row_number, delivered_row, fate,
            strftime(event_time, '%Y-%m-%d %H:%M:%S UTC') as event_time, {values}
        from sample_rows where file_sha256 = (
            select file_sha256 from row_ledger order by load_id desc, source_file desc limit 1)
        order by row_number""",
    )


def daily_quality(build: Build) -> pd.DataFrame:
    """Events with a default instead of a missing value, by date."""
    return query(build, "select * from daily_data_quality order by event_date")


def coverage(build: Build) -> pd.Series:
    """Where the data begins and ends, and how many dates it has."""
    return query(build, "select * from data_coverage").iloc[0]


def stray_dates(build: Build) -> pd.DataFrame:
    """Dates far from the rest, with the files that have rows of them."""
    return query(
        build,
        """select event_date, source_file as file, total_rows as rows from stray_dates
        order by event_date, source_file""",
    )


def event_types(build: Build) -> pd.DataFrame:
    """The types of events that occur, most frequent first, and on which dates."""
    return query(
        build,
        """select event_type, sum(total_events) as events,
            100 * sum(total_events) / sum(sum(total_events)) over () as share_of_events,
            min(event_date) as first_date, max(event_date) as last_date
        from daily_event_types group by event_type order by events desc, event_type""",
    )


def value_changes(build: Build) -> pd.DataFrame:
    """What was delivered instead of a usable value, what it became and how often."""
    return query(
        build,
        """select column_name, delivered, becomes, sum(rows_changed) as rows_changed,
            100 * sum(rows_changed) / nullif(sum(rows_read), 0) as share_changed
        from value_changes group by all order by rows_changed desc, column_name, delivered""",
    )


def late_arrivals(build: Build) -> pd.DataFrame:
    """How late the events of each load came."""
    return query(build, "select * from late_arrivals order by load_id")


def tests_of_last_build(build: Build) -> pd.DataFrame:
    """The rules that the last build tested, those that failed first, then the slowest."""
    return query(
        build,
        """select rule, tested, status, failing_rows, seconds from test_results
        where build_id = (select max(build_id) from test_results)
        order by failing_rows desc, seconds desc, rule""",
    )


def arrival(build: Build) -> pd.Series:
    """When the last rows were loaded and the last event happened (UTC)."""
    return query(
        build,
        """select (select max(loaded_at) from row_ledger) as loaded_at,
            (select max(event_date + to_hours(event_hour)) from hourly_activity) as last_hour""",
    ).iloc[0]


def suspicious(build: Build) -> pd.DataFrame:
    """Sessions that no person seems to have made, by the rule they break."""
    return query(
        build,
        """select s.rule, r.sentence as means, count(*) as sessions, sum(s.total_events) as events,
            sum(s.total_spent) as revenue
        from suspicious_sessions as s join suspicion_rules as r on r.rule = s.rule
        group by all order by sessions desc, s.rule""",
    )


def without_suspicious(build: Build) -> pd.DataFrame:
    """Key metrics over all sessions, and over those that break no rule."""
    return query(
        build,
        """select metric_name, with_all, without_suspicious,
            100 * (without_suspicious / nullif(with_all, 0) - 1) as change
        from metrics_without_suspicious order by metric_name""",
    )


def beside_published(build: Build) -> pd.DataFrame:
    """The published figures of October 2019 beside those held."""
    return query(
        build,
        """select figure, unit, published_value, held_value, difference, verdict
        from published_comparison order by figure_order""",
    )
