"""The core marts in DuckDB SQL, as people would write them: Parquet in, Parquet out.

All cores, DuckDB's own memory limit (80 % of the machine), nothing kept but the marts.
"""

import sys
from pathlib import Path

import duckdb

from bench.common_sql import CLEANED, DUPLICATE_RANK, SEGMENTED_USERS, dim_sessions, fct_events
from bench.steps import Steps

# Repeated hashes first, as the models do; row_number over all rows took half as long again.
EVENTS = f"""
    create temp table events as
    with cleaned as (
        select
            {CLEANED}
        from read_parquet('{{source}}/*.parquet')
        where event_time is not null
            and (price is null or not isinf(price))
            and event_time::date between '2019-10-01' and '2020-04-30'
    ), repeated as (
        select hash(event_time, user_id, product_id, event_type, price) as event_key
        from cleaned group by event_key having count(*) > 1
    ), ranked as (
        select
            *,
            {DUPLICATE_RANK}
        from cleaned
        where hash(event_time, user_id, product_id, event_type, price) in (from repeated)
    ), deduplicated as (
        select *
        from cleaned
        where hash(event_time, user_id, product_id, event_type, price) not in (from repeated)
        union all
        select * exclude (duplicate_rank) from ranked where duplicate_rank = 1
    ), pauses as (
        select *, case
            when event_time <= lag(event_time) over runs + interval 30 minutes then null
            else event_time end as starts_at
        from deduplicated where not has_session
        window runs as (partition by user_id order by event_time)
    )
    select * from deduplicated where has_session
    union all
    -- Generated rows miss the session or the user, not both: those are sessions of their own.
    select * exclude (starts_at) replace (
        session_id || '@' || epoch_us(date_trunc('second', max(starts_at) over (
            partition by user_id order by event_time
        ))) // 1000000 as session_id
    )
    from pauses"""

COUNTS = """
    count(*) as total_events,
    count(*) filter (event_type = 'view') as total_views,
    count(*) filter (event_type = 'cart') as total_carts,
    count(*) filter (event_type = 'purchase') as total_purchases,
    count(*) filter (event_type = 'unknown') as total_unknown,
    coalesce(sum(price) filter (event_type = 'purchase'), 0)::decimal(18, 2)"""

MARTS = {
    "fct_events": fct_events("hash", "strftime(event_time, '%Y%m%d%H')::int"),
    "dim_sessions": dim_sessions(
        "hash",
        COUNTS,
        "(epoch_us(session_end) - epoch_us(session_start)) // 1000000",
        "100::double * total_purchases / total_views",
    ),
    "dim_users": """
        with rolled_up as (
            select
                user_id,
                min(session_start) as first_seen_at,
                max(session_end) as last_seen_at,
                count(*) as total_sessions,
                sum(total_events) as total_events,
                sum(total_views) as total_views,
                sum(total_carts) as total_carts,
                sum(total_purchases) as total_purchases,
                sum(total_spent)::decimal(18, 2) as total_spent
            from '{target}/dim_sessions/part.parquet'
            group by user_id
        )
"""
    + SEGMENTED_USERS,
    # The mean in whole cents, half up: (2 * sum + n) / 2n, cut off.
    "dim_products": f"""
        with stamped as (
            select
                *,
                struct_pack(
                    event_time, session_id, category_id, category_code,
                    brand, event_type, user_id, price
                ) as stamp
            from events
        ), rolled_up as (
            select
                product_id,
                arg_max(brand, stamp) filter (brand <> 'unknown_brand') as brand,
                arg_max(category_code, stamp) filter (category_code <> 'uncategorized')
                    as category_code,
                arg_max(category_id, stamp) filter (category_id <> -1) as category_id,
                arg_max(price, stamp) filter (price > 0) as last_price,
                (sum(price) * 100)::bigint as cents,
                count(*) filter (price > 0) as n,
                {COUNTS} as total_revenue
            from stamped
            group by product_id
        )
        select
            product_id,
            coalesce(brand, 'unknown_brand') as brand,
            coalesce(category_code, 'uncategorized') as category_code,
            coalesce(category_id, -1) as category_id,
            coalesce(last_price, 0)::decimal(12, 2) as last_price,
            (case when n > 0 then (2 * cents + n) // (2 * n) else 0 end / 100)::decimal(12, 2)
                as avg_price,
            total_events,
            total_views,
            total_carts,
            total_purchases,
            total_revenue
        from rolled_up""",
    "dim_time": """
        with hours as (
            select unnest(generate_series(
                min(event_date)::timestamp,
                max(event_date)::timestamp + interval 23 hours,
                interval 1 hour
            )) as hour_start
            from events
        )
        select
            strftime(hour_start, '%Y%m%d%H')::int as time_key,
            hour_start::date as event_date,
            hour(hour_start) as event_hour,
            isodow(hour_start) as day_of_week,
            dayname(hour_start) as day_name,
            isodow(hour_start) >= 6 as is_weekend,
            month(hour_start) as month,
            year(hour_start) as year
        from hours""",
}


def run(source: Path, target: Path) -> None:
    """Make the core marts from the Parquet files of `source`, a folder for each in `target`."""
    target.mkdir(parents=True)
    steps = Steps(target)
    with duckdb.connect() as db:
        db.execute(f"set temp_directory = '{target}/spill'")
        db.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        with steps.step("events"):
            db.execute(EVENTS.replace("{source}", str(source)))
        for name, sql in MARTS.items():
            (target / name).mkdir()
            with steps.step(name):
                db.execute(
                    f"copy ({sql.replace('{target}', str(target))}) "
                    f"to '{target}/{name}/part.parquet' (format parquet, compression zstd)"
                )
    steps.write()


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
