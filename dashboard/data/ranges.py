"""Figures of any range of dates: what adds up over days is added up, people are counted anew."""

from datetime import date

import pandas as pd

from dashboard.data.marts import Build, null_defaults, of_category, query

# What adds up over hours and days.
SUMS = ("total_events", "total_views", "total_carts", "total_purchases", "revenue")
OF_ORDERS = ("sessions", "orders", "order_revenue", "buyer_revenue")
# The type and the start of a stored period.
Stored = tuple[str, date] | None
# Funnels in the order in which a table lists them.
DEFINITIONS = ["sessions_ordered", "sessions_any_order", "users", "events"]


def added(*names: str) -> str:
    """The sum of each figure, 0 over no rows."""
    return ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in names)


def added_up(build: Build, first: date, last: date) -> pd.Series:
    """The figures that add up over days, for any range of dates."""
    return query(
        build,
        f"""select {added(*SUMS, *OF_ORDERS)}
        from period_activity
        where period_type = 'day' and period_start between $first and $last""",
        first=first,
        last=last,
    ).iloc[0]


def people(
    build: Build, first: date, last: date, stored: Stored = None, segment: str | None = None
) -> pd.Series:
    """Users, those with a view, of these those with a cart, and of these those with a purchase; all
    buyers, and those without a cart. Each counts once: as a stored period has them, else from the
    events of these dates."""
    if stored and not segment and len(held := stored_people(build, *stored)):
        return held.iloc[0]
    return query(
        build,
        f"""with persons as (
            select user_id, bool_or(event_type = 'view') as viewed,
                bool_or(event_type = 'cart') as carted, bool_or(event_type = 'purchase') as buys
            from fct_events
            where event_date between $first and $last and user_id <> $missing
            group by user_id
        )
        select count(*) as users, count_if(viewed) as viewed,
            count_if(viewed and carted) as carted,
            count_if(viewed and carted and buys) as purchased, count_if(buys) as buyers,
            count_if(buys and not carted) as buyers_without_cart
        from persons
        {"join dim_users using (user_id) where user_segment = $segment" if segment else ""}""",
        first=first,
        last=last,
        missing=null_defaults()["user_id"],
        segment=segment,
    ).iloc[0]


def stored_people(build: Build, period_type: str, period_start: date) -> pd.DataFrame:
    """The same of a stored period; no row where nobody came."""
    return query(
        build,
        """select overall_base as users, viewed, carted, purchased, converted as buyers,
            purchases_without_cart as buyers_without_cart
        from funnels where definition = 'users'
            and period_type = $period_type and period_start = $period_start""",
        period_type=period_type,
        period_start=period_start,
    )


def by_date(build: Build, first: date, last: date, sql: str, **values) -> pd.DataFrame:
    """What a query gives by `event_date`, with 0 on the dates for which it has no row."""
    found = query(build, sql, first=first, last=last, **values)
    found["event_date"] = pd.to_datetime(found["event_date"])
    dates = pd.date_range(first, last, name="event_date")
    return found.set_index("event_date").reindex(dates).fillna(0).reset_index()


def days(build: Build, first: date, last: date) -> pd.DataFrame:
    """What adds up over days, and the visitors and buyers of each date, who don't."""
    names = ", ".join([*SUMS, *OF_ORDERS, "users", "buyers"])
    sql = f"""select period_start as event_date, {names} from period_activity
        where period_type = 'day' and period_start between $first and $last"""
    return by_date(build, first, last, sql)


def days_of_segment(build: Build, first: date, last: date, segment: str) -> pd.DataFrame:
    """The same of one segment, each session on the date of its start."""
    sql = f"""select session_date as event_date, {added("revenue", "orders", "sessions")},
            sum(revenue) as order_revenue, sum(revenue) as buyer_revenue
        from daily_sessions
        where session_date between $first and $last and user_segment = $segment group by all"""
    return by_date(build, first, last, sql, segment=segment)


def days_of_products(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Revenue, purchases and views of a category and brand by date, beside all revenue."""
    names = added("revenue", "total_units", "total_purchases", "total_views")
    sql = f"""with chosen as (
            select event_date, {names} from daily_categories_brands
            where event_date between $first and $last {of_category(category, brand)}
            group by event_date
        )
        select period_start as event_date, whole.revenue as all_revenue, chosen.* exclude event_date
        from period_activity as whole left join chosen on event_date = period_start
        where period_type = 'day' and period_start between $first and $last"""
    return by_date(build, first, last, sql, category=category, brand=brand)


def funnels(build: Build, first: date, last: date, stored: Stored = None) -> pd.DataFrame:
    """The funnel of any dates under each definition: each step is a part of the step before, and
    `converted` are all that bought. `of_sessions` is by all sessions, whatever `overall` is by."""
    steps = ("viewed", "carted", "purchased", "converted", "overall_base")
    rows = query(
        build,
        f"""select definition, max(denominator) as denominator,
            {added(*steps, "all_sessions", "purchases_without_cart")}
        from funnels
        where period_type = 'day' and definition <> 'users'
            and period_start between $first and $last
        group by definition""",
        first=first,
        last=last,
    )
    if len(rows):
        who = people(build, first, last, stored)
        counts = who[["viewed", "carted", "purchased", "buyers", "users"]]
        rows.loc[len(rows)] = ["users", "visitors", *counts, 0, who["buyers_without_cart"]]
    for name, part, whole in (
        ("view_to_cart", "carted", "viewed"),
        ("cart_to_purchase", "purchased", "carted"),
        ("overall", "converted", "overall_base"),
        ("of_sessions", "converted", "all_sessions"),
    ):
        rows[name] = 100 * rows[part] / rows[whole].where(rows[whole] > 0)
    return rows.sort_values("definition", key=lambda names: names.map(DEFINITIONS.index))
