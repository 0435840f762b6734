"""Periods, activity, funnels, hours and metrics."""

from datetime import date

import pandas as pd

from dashboard.data.marts import Build, EmptyMart, MissingMart, query
from dashboard.data.ranges import OF_ORDERS, SUMS, added

# What a day, week or month without events has none of; all other figures are unknown there.
COUNTED = (
    *SUMS,
    *OF_ORDERS,
    *("users", "buyers"),
)


def periods(build: Build) -> pd.DataFrame:
    """Stored weeks, months and the total: period_type, period_start, period_end."""
    return query(
        build,
        """select period_type, period_start, period_end from period_activity
        where period_type <> 'day' and dates_delivered > 0 order by period_type, period_start""",
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


def series(build: Build, grain: str, first: date, last: date) -> pd.DataFrame:
    """The figures of each day, week or month that touches the range, in order; where nothing
    happened in one, what is counted is 0 and means are unknown."""
    rows = query(
        build,
        """with held as (
            select period_start as first, period_end as last
            from period_activity where period_type = 'total'
        ), passed as (
            select unnest(generate_series(
                date_trunc($grain, greatest(first, $first)), least(last, $last)::timestamp,
                ('1 ' || $grain)::interval
            ))::date as begin, last from held
        )
        select kept.* replace (
            $grain as period_type,
            passed.begin as period_start,
            -- The mart has the last date with events, which may be an earlier one.
            least(
                last, passed.begin + ('1 ' || $grain)::interval - interval 1 day
            )::date as period_end)
        from passed left join period_activity as kept
            on period_type = $grain and period_start = passed.begin
        order by passed.begin""",
        grain=grain,
        first=first,
        last=last,
    )
    return rows.fillna(dict.fromkeys(COUNTED, 0))


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


# Hours that count: all of delivered dates; for averages those that lie wholly within the data, or
# those of whole dates.
HOURS = {
    "delivered": "true",
    "judged": """hour_begin >= (select timezone('UTC', begins_at) from data_coverage)
        and hour_begin + interval 1 hour <= (select timezone('UTC', ends_at) from data_coverage)
        and delivered_date not in (select event_date from stray_dates)""",
    "of whole dates": """delivered_date in (
        select period_start from period_activity where period_type = 'day' and is_complete)""",
}


def hours(
    build: Build, first: date, last: date, zone: str, those: str = "delivered"
) -> pd.DataFrame:
    """What adds up, by weekday and hour of a time zone, and how many such hours there are, those
    without events too; of a date without any event nothing was delivered, so it has no hours."""
    return query(
        build,
        f"""with delivered as (
            select distinct event_date as delivered_date from hourly_activity
        ), passed as (
            select delivered_date,
                delivered_date + to_hours(unnest(range(24))::integer) as hour_begin
            from delivered where delivered_date between $first and $last
        ), local as (
            select passed.*, hourly_activity.*,
                timezone($zone, timezone('UTC', hour_begin)) as starts_at
            from passed left join hourly_activity on event_date = hour_begin::date
                and passed.hour_begin = event_date + to_hours(event_hour)
            where {HOURS[those]}
        )
        select isodow(starts_at) as day_of_week, hour(starts_at) as event_hour, count(*) as hours,
            {added(*SUMS)}
        from local group by all order by day_of_week, event_hour""",
        first=first,
        last=last,
        zone=zone,
    )


def whole(build: Build) -> tuple[date, date]:
    """The first and the last date of the data. Raises EmptyMart where there is none."""
    total = periods(build).query("period_type == 'total'")
    if total.empty:
        raise EmptyMart("period_activity")
    return total["period_start"].iloc[0].date(), total["period_end"].iloc[0].date()


def cycles(build: Build, cycle: str) -> pd.DataFrame:
    """Activity by hour of the day (UTC) or by weekday (1 is Monday), over all dates; sessions and
    users are exact and do not add up."""
    return query(
        build,
        """select position, total_events, total_views, total_carts, total_purchases, revenue,
            sessions, users
        from activity_cycles where cycle = $cycle order by position""",
        cycle=cycle,
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


def step_times(build: Build, period_type: str, period_start: date) -> pd.DataFrame:
    """Quartiles of the time from view to cart to purchase in one stored period."""
    return query(
        build,
        """select step, pairs, q1_seconds, median_seconds, q3_seconds from funnel_times
        where period_type = $period_type and period_start = $period_start
        order by list_position(
            ['view_to_cart', 'cart_to_purchase', 'view_to_purchase'], step)""",
        period_type=period_type,
        period_start=period_start,
    )


def by_session_definition(build: Build) -> pd.DataFrame:
    """Sessions, orders and their means under each definition of a session, over all dates."""
    return query(build, "select * from definitions_compared order by session_definition")


def by_order_definition(build: Build) -> pd.DataFrame:
    """Orders and the average order value under each definition of an order, over all dates."""
    return query(build, "select * from order_values order by orders")


def prices_by_type(build: Build, first: date, last: date) -> pd.DataFrame:
    """Mean price of what was viewed, carted and purchased, by date."""
    return query(
        build,
        """select event_date, event_type, total_events, total_price, mean_price
        from daily_event_types where event_date between $first and $last
            and event_type in ('view', 'cart', 'purchase')
        order by event_date, event_type""",
        first=first,
        last=last,
    )
