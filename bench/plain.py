"""The core marts as plain SQL on the same Spark: the obvious row_number and group-by, no dbt."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession

from bench.common_sql import CLEANED, DUPLICATE_RANK, SEGMENTED_USERS, dim_sessions, fct_events
from bench.spark import session
from bench.steps import Steps

COUNTS = """
    count(*) as total_events,
    count_if(event_type = 'view') as total_views,
    count_if(event_type = 'cart') as total_carts,
    count_if(event_type = 'purchase') as total_purchases,
    count_if(event_type = 'unknown') as total_unknown,
    cast(sum(case when event_type = 'purchase' then price else 0 end) as decimal(18, 2))"""

TABLES = {
    "events": f"""
        with cleaned as (
            select
                {CLEANED}
            from parquet.`{{source}}`
            where event_time is not null
                and (price is null or price < double('infinity'))
                and cast(event_time as date) between date'2019-10-01' and date'2020-04-30'
        ),

        ranked as (
            select
                *,
                {DUPLICATE_RANK}
            from cleaned
        ),

        pauses as (
            select
                * except (duplicate_rank),
                case
                    when event_time <= lag(event_time) over runs + interval 30 minutes then null
                    else event_time
                end as starts_at
            from ranked
            where duplicate_rank = 1 and not has_session
            window runs as (partition by user_id order by event_time)
        )

        select * except (duplicate_rank) from ranked where duplicate_rank = 1 and has_session
        union all
        -- Generated rows miss the session or the user, not both: those are sessions of their own.
        select
            * except (starts_at, session_id),
            concat(session_id, '@', unix_seconds(
                max(starts_at) over (partition by user_id order by event_time)
            )) as session_id
        from pauses""",
    "fct_events": fct_events("xxhash64", "cast(date_format(event_time, 'yyyyMMddHH') as int)"),
    "dim_sessions": dim_sessions(
        "xxhash64",
        COUNTS,
        "timestampdiff(second, session_start, session_end)",
        "100d * total_purchases / total_views",
    ),
    "dim_users": f"""
        with rolled_up as (
            select
                user_id,
                min(event_time) as first_seen_at,
                max(event_time) as last_seen_at,
                count(distinct session_id) as total_sessions,
                {COUNTS} as total_spent
            from events
            group by user_id
        )
{SEGMENTED_USERS}""",
    "dim_products": f"""
        with stamped as (
            select
                *,
                struct(event_time, session_id, category_id, category_code, brand, event_type,
                    user_id, price) as stamp
            from events
        ),

        rolled_up as (
            select
                product_id,
                max_by(brand, stamp) filter (where brand != 'unknown_brand') as brand,
                max_by(category_code, stamp) filter (where category_code != 'uncategorized')
                    as category_code,
                max_by(category_id, stamp) filter (where category_id != -1) as category_id,
                max_by(price, stamp) filter (where price > 0) as last_price,
                cast(sum(price) as decimal(18, 2)) / count_if(price > 0) as mean_price,
                {COUNTS} as total_revenue
            from stamped
            group by product_id
        )

        select
            * except (brand, category_code, category_id, last_price, mean_price),
            coalesce(brand, 'unknown_brand') as brand,
            coalesce(category_code, 'uncategorized') as category_code,
            coalesce(category_id, -1) as category_id,
            coalesce(last_price, cast(0 as decimal(12, 2))) as last_price,
            cast(coalesce(round(mean_price, 2), 0) as decimal(12, 2)) as avg_price
        from rolled_up""",
    "dim_time": """
        with dates as (
            select explode(sequence(min(event_date), max(event_date))) as event_date from events
        ),

        hours as (
            select event_date, explode(sequence(0, 23)) as event_hour from dates
        )

        select
            cast(date_format(event_date, 'yyyyMMdd') as int) * 100 + event_hour as time_key,
            event_date,
            event_hour,
            weekday(event_date) + 1 as day_of_week,
            date_format(event_date, 'EEEE') as day_name,
            weekday(event_date) >= 5 as is_weekend,
            month(event_date) as month,
            year(event_date) as year
        from hours""",
}


def make(spark: SparkSession, source: Path, steps: Steps) -> None:
    """Make the core marts from the Parquet files of `source` as Delta tables."""
    for name, sql in TABLES.items():
        with steps.step(name):
            spark.sql(f"create table {name} using delta as {sql.replace('{source}', str(source))}")


def run(source: Path, target: Path) -> None:
    """The same in a session of its own, the tables in `target`."""
    target.mkdir(parents=True)
    steps = Steps(target)
    with steps.step("start of Spark"):
        # Spark's own default: the build turns it off, these window functions gain by it.
        spark = session(target, **{"spark.sql.optimizer.windowGroupLimitThreshold": "1000"})
    make(spark, source, steps)
    spark.stop()
    steps.write()


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
