"""Segments, buyers, retention and sessions."""

from datetime import date

import pandas as pd

from dashboard.data.marts import Build, query
from dashboard.words import day
from shopstream.config import rules


def segments(build: Build) -> pd.DataFrame:
    """Value of each segment over all dates, with shares of users and revenue in percent."""
    return query(
        build,
        """select *, 100 * users / nullif(sum(users) over (), 0) as user_share
        from segment_value order by segment_order""",
    )


def segment_names(build: Build) -> list[str]:
    """All segments, in their order."""
    return segments(build)["user_segment"].tolist()


def segment_revenue(build: Build, first: date, last: date) -> pd.DataFrame:
    """Revenue of each segment between two dates of the start of sessions."""
    return query(
        build,
        """select user_segment as name, sum(revenue) as revenue from daily_sessions
        where session_date between $first and $last group by all order by name""",
        first=first,
        last=last,
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


def rfm(build: Build) -> pd.DataFrame:
    """Buyers by RFM segment, over all dates."""
    return query(
        build,
        """select *, 100 * buyers / sum(buyers) over () as buyer_share
        from rfm_segments_summary order by segment_order""",
    )


def fewest_buyers() -> int:
    """With fewer buyers there are no RFM segments."""
    return rules()["rfm_min_buyers"]


def rfm_names(build: Build) -> list[str]:
    """All RFM segments, in their order."""
    return rfm(build)["rfm_segment"].tolist()


def rfm_rules(build: Build) -> pd.DataFrame:
    """Which scores make an RFM segment, as words such as "4 to 5"."""
    scores = (
        f"""if(min_{score}_score = max_{score}_score, min_{score}_score::text,
            concat(min_{score}_score, ' to ', max_{score}_score)) as {score}_score"""
        for score in ("recency", "frequency", "monetary")
    )
    return query(
        build, f"select rfm_segment, {', '.join(scores)} from rfm_segments order by segment_order"
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


def cohort_starts(build: Build, activity: str, period_type: str) -> list[str]:
    """The first weeks or days of cohorts of which something later is known, latest first, as dates
    in words."""
    found = query(
        build,
        """select distinct cohort_start from retention_cohorts
        where activity = $activity and period_type = $period_type
            and period_number > 0 and retention is not null
        order by cohort_start desc""",
        activity=activity,
        period_type=period_type,
    )
    return found["cohort_start"].map(day).tolist()


def concentration(build: Build) -> pd.DataFrame:
    """Share of revenue that the best p percent of buyers bring, p from 0 to 100."""
    return query(
        build,
        """select top_percent, buyers, revenue, revenue_share, gini from customer_concentration
        order by top_percent""",
    )


def segment_moves(build: Build) -> pd.DataFrame:
    """Users who moved from one segment to another, by week."""
    return query(
        build,
        """select week_start, from_segment, to_segment, users from segment_changes
        order by week_start, users desc, from_segment, to_segment""",
    )
