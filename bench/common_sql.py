"""What the marts in DuckDB SQL and those in plain Spark SQL have in common."""

# Of delivered rows, with the defaults of the contract.
CLEANED = """
            event_time,
            cast(event_time as date) as event_date,
            coalesce(lower(nullif(trim(event_type), '')), 'unknown') as event_type,
            coalesce(product_id, -1) as product_id,
            coalesce(category_id, -1) as category_id,
            coalesce(nullif(trim(category_code), ''), 'uncategorized') as category_code,
            coalesce(lower(nullif(trim(brand), '')), 'unknown_brand') as brand,
            cast(least(greatest(coalesce(price, 0), 0), 10000) as decimal(12, 2)) as price,
            coalesce(user_id, -999999) as user_id,
            nullif(trim(user_session), '') is not null as has_session,
            coalesce(
                nullif(trim(user_session), ''),
                concat('unknown_session_', coalesce(user_id, -999999))
            ) as session_id"""

# The first of the copies of an event, from cleaned rows.
DUPLICATE_RANK = """row_number() over (
                partition by event_time, user_id, product_id, event_type, price
                order by session_id, category_id, category_code, brand
            ) as duplicate_rank"""

# Of users, from a step `rolled_up`.
SEGMENTED_USERS = """
        select
            *,
            case
                when user_id = -999999 then 'Anonymous'
                when total_sessions >= 10 then 'Power User'
                when total_sessions >= 5 then 'Active User'
                when total_sessions >= 2 then 'Occasional User'
                else 'One-time User'
            end as user_segment,
            user_id = -999999 as is_anonymous
        from rolled_up"""


def fct_events(hashed: str, time_key: str) -> str:
    """Events with their keys; `hashed` is the function that makes these."""
    return f"""
        select
            {hashed}(event_time, user_id, product_id, event_type, price) as event_key,
            event_time,
            event_date,
            {time_key} as time_key,
            event_type,
            user_id,
            product_id,
            {hashed}(user_id, session_id) as session_key,
            price,
            -- No source of the bench has another.
            cast(1 as bigint) as quantity
        from events"""


def dim_sessions(hashed: str, counts: str, seconds: str, rate: str) -> str:
    """Sessions; `seconds` is how long one took, `rate` its purchases by views."""
    return f"""
        with rolled_up as (
            select
                user_id,
                session_id,
                min(event_time) as session_start,
                max(event_time) as session_end,
                {counts} as total_spent,
                count(distinct nullif(product_id, -1)) as unique_products,
                count(distinct nullif(category_code, 'uncategorized')) as unique_categories
            from events
            group by user_id, session_id
        )

        select
            {hashed}(user_id, session_id) as session_key,
            *,
            {seconds} as duration_seconds,
            case when total_views > 0 then {rate} else 0 end as conversion_rate,
            total_purchases > 0 as has_purchased,
            user_id = -999999 as is_anonymous,
            total_unknown > 0 as has_unknown_events
        from rolled_up"""
