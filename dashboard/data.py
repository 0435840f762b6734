"""The one module that touches data: the published marts, read without a JVM.

Delta tables are opened at their published versions as Arrow data sets, and DuckDB reads from those
only the columns and files that a query needs. What a query gave is kept until another build is
published. All of a page's numbers come from one build.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st
import yaml

from shopstream.config import PROJECT
from shopstream.published import open_entry, read_published, rows_of

HOW_TO_BUILD = "make build"
HOW_TO_MEASURE = ".venv/bin/shopstream lab"


class MissingMart(Exception):
    """The published build has no such mart; `mart` names it."""

    def __init__(self, mart: str):
        super().__init__(mart)
        self.mart = mart


@dataclass(frozen=True)
class Build:
    """One published build: where its tables lie and at which versions."""

    warehouse: Path
    build_id: int
    published_at: datetime
    tables: Mapping[str, dict]
    builds: tuple[dict, ...]

    @property
    def key(self) -> tuple:
        """What tells this build from any other."""
        return str(self.warehouse), self.build_id, self.published_at


def read_build(warehouse: Path) -> Build:
    """The build that readers see now. Raises shopstream.published.NothingPublished."""
    published = read_published(warehouse)
    return Build(
        warehouse=warehouse,
        build_id=published["build_id"],
        published_at=datetime.fromisoformat(published["published_at"]),
        tables={name.split(".")[1]: entry for name, entry in published["tables"].items()},
        builds=tuple(published["builds"]),
    )


@st.cache_resource(max_entries=200, show_spinner=False, hash_funcs={Build: lambda b: b.key})
def data_set(build: Build, mart: str):
    """One mart as an Arrow data set at its published version."""
    return rows_of(open_entry(build.warehouse, build.tables[mart]))


@st.cache_data(max_entries=400, show_spinner=False, hash_funcs={Build: lambda b: b.key})
def query(build: Build, sql: str, **values) -> pd.DataFrame:
    """Run `sql` over the marts it names; `$name` in it stands for the value of that name.

    Raises MissingMart for a mart that the build does not hold.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("set timezone = 'UTC'")
    ours = set(re.findall(r"(?:from|join)\s+([a-z_]+)", sql)) - set(
        re.findall(r"([a-z_]+)\s+as\s+\(", sql)
    )
    for mart in sorted(ours):
        if mart not in build.tables:
            raise MissingMart(mart)
        connection.register(mart, data_set(build, mart))
    connection.execute("set enable_external_access = false")
    used = {name: value for name, value in values.items() if f"${name}" in sql}
    with connection:
        found = connection.execute(sql, used).df()
    return in_plain_types(found)


def in_plain_types(found: pd.DataFrame) -> pd.DataFrame:
    """The same rows with decimals as numbers and dates as dates."""
    for column in found.columns:
        first = found[column].dropna().head(1)
        if len(first) and type(first.iloc[0]).__name__ == "Decimal":
            found[column] = found[column].astype(float)
        if pd.api.types.is_datetime64_any_dtype(found[column]):
            found[column] = found[column].dt.tz_localize(None)
    return found


def of_category(category: str | None, brand: str | None) -> str:
    """The condition of the category and brand filters, to be added to another."""
    within = "and (category_code = $category or starts_with(category_code, $category || '.'))"
    return f"{within if category else ''} {'and brand = $brand' if brand else ''}"


# --- periods, activity, funnels ---------------------------------------------------------------


def periods(build: Build) -> pd.DataFrame:
    """Stored weeks, months and the total: period_type, period_start, period_end."""
    return query(
        build,
        """select period_type, period_start, period_end from period_activity
        where period_type <> 'day' order by period_type, period_start""",
    )


def activity(build: Build, period_type: str, period_start: date) -> pd.Series | None:
    """All figures of one stored period; None where there is no such period."""
    found = query(
        build,
        """select * from period_activity
        where period_type = $period_type and period_start = $period_start""",
        period_type=period_type,
        period_start=period_start,
    )
    return found.iloc[0] if len(found) else None


def added_up(build: Build, first: date, last: date) -> pd.Series:
    """The figures that add up over days, for any range of dates."""
    return query(
        build,
        """select sum(total_events) as total_events, sum(total_views) as total_views,
            sum(total_carts) as total_carts, sum(total_purchases) as total_purchases,
            sum(revenue) as revenue, sum(sessions) as sessions, sum(orders) as orders
        from period_activity
        where period_type = 'day' and period_start between $first and $last""",
        first=first,
        last=last,
    ).iloc[0]


def series(build: Build, grain: str, first: date, last: date) -> pd.DataFrame:
    """The figures of each day, week or month that touches the range, in order."""
    return query(
        build,
        """select * from period_activity
        where period_type = $grain and period_start <= $last and period_end >= $first
        order by period_start""",
        grain=grain,
        first=first,
        last=last,
    )


def distinct_products(build: Build, first: date, last: date) -> int:
    """Products with an event in the range, each counted once."""
    found = query(
        build,
        """select count(distinct product_id) as products from daily_products
        where event_date between $first and $last and product_id <> -1""",
        first=first,
        last=last,
    )
    return int(found["products"].iloc[0])


def products_by_day(build: Build, first: date, last: date) -> pd.DataFrame:
    """Products with an event, by day."""
    return query(
        build,
        """select event_date, count(*) as products from daily_products
        where event_date between $first and $last and product_id <> -1
        group by event_date order by event_date""",
        first=first,
        last=last,
    )


def funnels(build: Build, period_type: str, period_start: date) -> pd.DataFrame:
    """The funnel of one stored period under each definition."""
    return query(
        build,
        """select definition, viewed, carted, purchased, view_to_cart, cart_to_purchase, overall,
            purchases_without_cart
        from funnels where period_type = $period_type and period_start = $period_start
        order by list_position(
            ['events', 'sessions_any_order', 'sessions_ordered', 'users'], definition)""",
        period_type=period_type,
        period_start=period_start,
    )


def definitions(build: Build) -> dict[str, str]:
    """The sentence that defines each metric; empty where the build has none."""
    try:
        found = query(build, "select metric_name, definition from metric_definitions")
    except MissingMart:
        return {}
    return dict(zip(found["metric_name"], found["definition"], strict=True))


def metric_values(build: Build) -> pd.DataFrame:
    """The summary: value, unit and definition of each metric over all dates."""
    return query(
        build,
        """select d.metric_name, d.label, v.value, d.unit, d.definition, d.source_mart
        from metric_values as v join metric_definitions as d on d.metric_name = v.metric_name
        order by d.label""",
    )


# --- products ---------------------------------------------------------------------------------


def categories(build: Build) -> list[str]:
    """All category paths, of any level."""
    found = query(
        build,
        """select distinct category_path from category_levels
        where not ends_with(category_path, '(other)') order by category_path""",
    )
    return found["category_path"].tolist()


def brand_names(build: Build) -> list[str]:
    """All brands."""
    found = query(build, "select distinct brand from daily_categories_brands order by brand")
    return found["brand"].tolist()


def top_products(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Products by revenue; brand and category as of the product's latest event."""
    return query(
        build,
        f"""with sold as (
            select product_id, sum(total_views) as views, sum(total_purchases) as purchases,
                sum(revenue) as revenue
            from daily_products where event_date between $first and $last group by product_id
        )
        select sold.product_id, p.brand, p.category_code, views, purchases, revenue
        from sold join dim_products as p on p.product_id = sold.product_id
        where revenue > 0 {of_category(category, brand)}
        order by revenue desc, sold.product_id limit 100""",
        first=first,
        last=last,
        category=category,
        brand=brand,
    )


def brands(build: Build, first: date, last: date, category: str | None) -> pd.DataFrame:
    """Brands by revenue, with their shares of revenue and of views in percent."""
    return query(
        build,
        f"""with sold as (
            select brand, sum(total_views) as views, sum(total_purchases) as purchases,
                sum(revenue) as revenue
            from daily_categories_brands
            where event_date between $first and $last {of_category(category, None)} group by brand
        )
        select *, 100 * revenue / nullif(sum(revenue) over (), 0) as revenue_share,
            100 * views / nullif(sum(views) over (), 0) as view_share
        from sold order by revenue desc, brand""",
        first=first,
        last=last,
        category=category,
    )


def category_tree(build: Build, first: date, last: date) -> pd.DataFrame:
    """Every category path with its parent and its revenue, views and purchases."""
    return query(
        build,
        """select category_path, parent_path, category_name, level, sum(total_views) as views,
            sum(total_purchases) as purchases, sum(revenue) as revenue
        from category_levels where event_date between $first and $last
        group by all having sum(revenue) > 0 order by level, category_path""",
        first=first,
        last=last,
    )


def price_and_conversion(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Mean price, purchases / views and revenue by category; by brand within a chosen category."""
    name = "brand" if category and not brand else "category_code"
    return query(
        build,
        f"""select {name} as name, sum(total_price) / sum(total_events) as mean_price,
            100 * sum(total_purchases) / sum(total_views) as conversion,
            sum(total_views) as views, sum(total_purchases) as purchases, sum(revenue) as revenue
        from daily_categories_brands
        where event_date between $first and $last {of_category(category, brand)} group by name
        having sum(total_views) > 0 and sum(total_price) > 0 order by revenue desc, name""",
        first=first,
        last=last,
        category=category,
        brand=brand,
    )


def price_bands(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Views, purchases, revenue and purchases / views by band of price."""
    return query(
        build,
        f"""with sold as (
            select price_band, sum(total_views) as views, sum(total_purchases) as purchases,
                sum(revenue) as revenue
            from daily_categories_brands
            where event_date between $first and $last {of_category(category, brand)} group by all
        )
        select sold.*, 100 * purchases / nullif(views, 0) as conversion
        from sold join price_bands as b on b.price_band = sold.price_band order by b.band_order""",
        first=first,
        last=last,
        category=category,
        brand=brand,
    )


def relative_price_bands(build: Build, category: str | None) -> pd.DataFrame:
    """Purchases / views by price quarter of the product within its category, over all dates."""
    return query(
        build,
        f"""select relative_band, sum(products) as products, sum(total_views) as views,
            sum(total_purchases) as purchases, sum(revenue) as revenue,
            100 * sum(total_purchases) / nullif(sum(total_views), 0) as conversion
        from relative_price_bands where true {of_category(category, None)}
        group by relative_band, band_order order by band_order""",
        category=category,
    )


def affinity(build: Build, item_type: str, basket_type: str) -> pd.DataFrame:
    """Pairs that go together, strongest lift first, over all dates."""
    return query(
        build,
        """select * from product_affinity
        where item_type = $item_type and basket_type = $basket_type
        order by lift desc, baskets desc, item_a, item_b limit 100""",
        item_type=item_type,
        basket_type=basket_type,
    )


def carts(build: Build, first: date, last: date, category: str | None) -> pd.DataFrame:
    """Carts and what became of them, by first part of the category."""
    return query(
        build,
        f"""select split_part(category_code, '.', 1) as category, sum(carted) as carted,
            sum(purchased_same_session) as same_session, sum(purchased_later) as later,
            sum(abandoned) as abandoned, sum(abandoned_value) as abandoned_value
        from cart_outcomes
        where cart_date between $first and $last {of_category(category, None)}
        group by all order by abandoned_value desc, category""",
        first=first,
        last=last,
        category=category,
    )


# --- users ------------------------------------------------------------------------------------


def segments(build: Build) -> pd.DataFrame:
    """Value of each segment over all dates, with shares of users and revenue in percent."""
    return query(
        build,
        """select *, 100 * users / nullif(sum(users) over (), 0) as user_share
        from segment_value order by segment_order""",
    )


def durations(build: Build, first: date, last: date, segment: str | None) -> pd.DataFrame:
    """Sessions by duration: orders / sessions in percent and views a session."""
    return query(
        build,
        f"""select duration_bucket, sum(sessions) as sessions, sum(orders) as orders,
            100 * sum(orders) / sum(sessions) as order_conversion,
            sum(total_views) / sum(sessions) as views_per_session, sum(revenue) as revenue
        from daily_sessions where session_date between $first and $last
            {"and user_segment = $segment" if segment else ""}
        group by duration_bucket, bucket_order order by bucket_order""",
        first=first,
        last=last,
        segment=segment,
    )


def rfm_segments(build: Build) -> pd.DataFrame:
    """Buyers by RFM segment, over all dates."""
    return query(
        build,
        """select *, 100 * buyers / sum(buyers) over () as buyer_share
        from rfm_segments_summary order by segment_order""",
    )


def top_buyers(build: Build) -> pd.DataFrame:
    """The buyers who spent most, over all dates."""
    return query(
        build,
        """select user_id, rfm_segment, frequency as orders, monetary as revenue,
            recency_days as days_since_last_order
        from rfm_users order by monetary desc, user_id limit 50""",
    )


def cohorts(build: Build, activity: str, period_type: str) -> pd.DataFrame:
    """Retention by first week or day; null where the data ends too early to know."""
    return query(
        build,
        """select cohort_start, period_number, cohort_users, active_users, retention
        from retention_cohorts where activity = $activity and period_type = $period_type
        order by cohort_start, period_number""",
        activity=activity,
        period_type=period_type,
    )


def concentration(build: Build) -> pd.DataFrame:
    """Share of revenue that the best p percent of buyers bring, p from 0 to 100."""
    return query(
        build,
        """select top_percent, buyers, revenue, revenue_share, gini from customer_concentration
        order by top_percent""",
    )


# --- time -------------------------------------------------------------------------------------


def hours(build: Build, first: date, last: date, zone: str) -> pd.DataFrame:
    """What adds up, by weekday and hour of a time zone, and how many such hours there are."""
    return query(
        build,
        """with local as (
            select *, timezone(
                $zone, timezone('UTC', event_date + to_hours(event_hour))
            ) as starts_at
            from hourly_activity where event_date between $first and $last
        )
        select isodow(starts_at) as day_of_week, hour(starts_at) as event_hour, count(*) as hours,
            sum(total_events) as total_events, sum(total_views) as total_views,
            sum(total_carts) as total_carts, sum(total_purchases) as total_purchases,
            sum(revenue) as revenue
        from local group by all order by day_of_week, event_hour""",
        first=first,
        last=last,
        zone=zone,
    )


def anomalies(build: Build, first: date, last: date, event_type: str) -> pd.DataFrame:
    """Each hour with what was expected of it; `starts_at` is UTC."""
    return query(
        build,
        """select event_date + to_hours(event_hour) as starts_at, event_date, observed, expected,
            lower_bound, upper_bound, score, is_anomaly, direction, reason
        from hourly_anomalies
        where event_date between $first and $last and event_type = $event_type
        order by starts_at""",
        first=first,
        last=last,
        event_type=event_type,
    )


# --- data quality -----------------------------------------------------------------------------


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
    """Quarantined rows by reason, each with one example as it was delivered."""
    return query(
        build,
        """select reason, count(*) as rows, arg_min(delivered_row, (source_file, row_number))
                as example, arg_min(source_file, (source_file, row_number)) as file
        from quarantined_events group by reason order by rows desc, reason""",
    )


def refused_files(build: Build) -> pd.DataFrame:
    """Files that could not be read as events."""
    return query(
        build,
        "select source_file, reason, seen_at from refused_files order by seen_at desc, source_file",
    )


def sample_rows(build: Build) -> pd.DataFrame:
    """The first rows of the file that was landed last, before and after cleaning."""
    return query(
        build,
        """select source_file as file, row_number, delivered_row, fate, event_time, event_type,
            category_code, brand, price, user_id::varchar as user_id, user_session
        from sample_rows where file_sha256 = (
            select file_sha256 from row_ledger order by load_id desc, source_file desc limit 1)
        order by row_number""",
    )


def daily_quality(build: Build) -> pd.DataFrame:
    """Events with a default in the place of a missing value, by date."""
    return query(build, "select * from daily_data_quality order by event_date")


def value_changes(build: Build) -> pd.DataFrame:
    """What was delivered instead of a usable value, what it became and how often."""
    return query(
        build,
        """select column_name, delivered, becomes, sum(rows_changed) as rows_changed,
            100 * sum(rows_changed) / nullif(sum(rows_read), 0) as share_changed
        from value_changes group by all order by rows_changed desc, column_name, delivered""",
    )


def null_defaults() -> dict[str, object]:
    """What a missing value of each column becomes, as the project's settings say."""
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    return settings["vars"]["null_defaults"]


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


# --- performance ------------------------------------------------------------------------------


def optimizations(build: Build) -> pd.DataFrame:
    """Each variant of an experiment beside "off" under the same conditions, of the latest lab run
    with most events; the speed-up goes from its least to its greatest by the runs' spread."""
    return query(
        build,
        """with latest as (select * from optimizations where events = (
            select max(events) from optimizations))
        select tried.experiment, tried.variant,
            concat_ws(', ', tried.data, if(tried.aqe, 'adaptive', 'not adaptive')) as conditions,
            base.median_seconds as seconds_off, tried.median_seconds as seconds_on, tried.speed_up,
            base.min_seconds / tried.max_seconds as least,
            base.max_seconds / tried.min_seconds as greatest,
            base.shuffle_bytes / 1e6 as shuffle_off, tried.shuffle_bytes / 1e6 as shuffle_on,
            base.bytes_read / 1e6 as read_off, tried.bytes_read / 1e6 as read_on,
            tried.verdict, tried.runs, tried.events, tried.commit
        from latest as tried join latest as base
            on base.commit = tried.commit and base.experiment = tried.experiment
            and base.data = tried.data and base.aqe = tried.aqe and base.is_off
        where not tried.is_off order by tried.experiment, tried.variant, conditions""",
    )


def models_of_last_build(build: Build) -> pd.DataFrame:
    """Seconds, rows and written bytes of each table of the last build, slowest first."""
    return query(
        build,
        """select table_name, seconds, total_rows, bytes_added / 1e6 as megabytes_added,
            total_bytes / 1e6 as megabytes, total_files
        from model_runs where build_id = (select max(build_id) from model_runs)
        order by seconds desc, table_name""",
    )


def build_costs(build: Build) -> pd.DataFrame:
    """What each build cost, in order."""
    return query(build, "select * from builds order by build_id")


@st.cache_data(max_entries=20, show_spinner=False, hash_funcs={Build: lambda b: b.key})
def table_history(build: Build, mart: str) -> pd.DataFrame:
    """Commits of one mart up to the published version, latest first."""
    if mart not in build.tables:
        raise MissingMart(mart)
    commits = open_entry(build.warehouse, build.tables[mart]).history(50)
    rows = [
        {
            "version": commit["version"],
            "at": pd.Timestamp(commit["timestamp"], unit="ms"),
            "operation": commit["operation"],
            "rows": _whole(commit, "numOutputRows"),
            "bytes": _whole(commit, "numOutputBytes"),
            "files": _whole(commit, "numFiles") or _whole(commit, "numAddedFiles"),
        }
        for commit in commits
    ]
    return pd.DataFrame(rows, columns=["version", "at", "operation", "rows", "bytes", "files"])


def _whole(commit: dict, name: str) -> int | None:
    value = commit.get("operationMetrics", {}).get(name)
    return None if value is None else int(value)
