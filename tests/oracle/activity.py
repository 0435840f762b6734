"""The independent check of the business marts of activity, funnels, sessions and data quality.

A second reading of the contract, from the cleaned and sessionized events of `oracle.py`, which come
straight from the landing files: no model and no partial of the project is read. Each mart is one
DuckDB query over events, sessions or users, written to be obviously right, not fast.

    marts = activity_marts(Path("data/landing"))
    message = oracle.differences(marts["funnels"], built_table, KEYS["funnels"])
"""

import re
from pathlib import Path

import duckdb
import pyarrow as pa

from tests import oracle
from tests.oracle import ARROW_TYPES, BY_DEFAULT, MINUTE, Rules, typed

COUNTS = """total_events bigint, total_views bigint, total_carts bigint, total_purchases bigint,
    total_removals bigint, total_unknown bigint, total_other bigint"""

# Table (key): columns with their Spark types, without load_id.
CONTRACT = f"""
hourly_activity (event_date, event_hour): event_date date, event_hour int, {COUNTS},
    total_units bigint,
    revenue decimal(18,2), free_purchases bigint, active_users bigint, active_sessions bigint,
    avg_purchase_price decimal(12,2)
period_activity (period_type, period_start): period_type string, period_start date,
    period_end date, dates_delivered bigint, is_complete boolean, {COUNTS},
    total_units bigint,
    revenue decimal(18,2), free_purchases bigint, users bigint,
    new_users bigint, buyers bigint, user_events bigint, buyer_revenue decimal(18,2),
    user_sessions bigint, sessions bigint, anonymous_sessions bigint, orders bigint,
    anonymous_orders bigint, order_revenue decimal(18,2), avg_order_value decimal(18,2),
    avg_purchase_price decimal(12,2),
    events_per_user double, sessions_per_user double, revenue_per_buyer decimal(18,2),
    mean_duration_seconds double, median_duration_seconds double,
    min_purchase_price decimal(12,2), max_purchase_price decimal(12,2)
revenue_drivers (period_type, period_start): period_type string, period_start date,
    before_start date, revenue decimal(18,2), revenue_before decimal(18,2), from_visitors double,
    from_visits double, from_conversion double, from_order_value double
activity_cycles (cycle, position): cycle string, position int, {COUNTS},
    total_units bigint, revenue decimal(18,2),
    sessions bigint, users bigint, avg_purchase_price decimal(12,2)
daily_categories_brands (event_date, category_code, brand, price_band): event_date date,
    category_code string, brand string, price_band string, {COUNTS},
    total_units bigint, revenue decimal(18,2),
    total_price decimal(18,2), zero_price_events bigint, free_purchases bigint,
    capped_events bigint
daily_event_types (event_date, event_type): event_date date, event_type string,
    total_events bigint, total_units bigint, total_price decimal(18,2),
    total_amount decimal(18,2), mean_price decimal(12,2),
    min_price decimal(12,2), max_price decimal(12,2), free_events bigint
daily_products (event_date, product_id): event_date date, product_id bigint, {COUNTS},
    total_units bigint, revenue decimal(18,2), total_price decimal(18,2)
category_levels (event_date, level, category_path): event_date date, level int,
    category_path string, parent_path string, category_name string, {COUNTS},
    revenue decimal(18,2)
funnels (period_type, period_start, definition): period_type string, period_start date,
    definition string, viewed bigint, carted bigint, purchased bigint, unknown bigint,
    converted bigint, overall_base bigint, denominator string, view_to_cart double,
    cart_to_purchase double, overall double, all_sessions bigint, overall_of_all_sessions double,
    purchases_without_cart bigint
funnel_times (period_type, period_start, step): period_type string, period_start date, step string,
    pairs bigint, q1_seconds double, median_seconds double, q3_seconds double
daily_sessions (session_date, duration_bucket, user_segment): session_date date,
    duration_bucket string, user_segment string, bucket_order bigint, segment_order bigint,
    sessions bigint, orders bigint, anonymous_sessions bigint, total_duration_seconds bigint,
    total_views bigint, total_carts bigint, total_purchases bigint, total_products bigint,
    revenue decimal(18,2), free_purchases bigint
segment_value (user_segment): user_segment string, segment_order bigint, users bigint,
    buyers bigint, sessions bigint, orders bigint, total_purchases bigint, revenue decimal(18,2),
    revenue_share double, order_conversion double, buyer_conversion double,
    avg_order_value decimal(18,2), revenue_per_buyer decimal(18,2)
definitions_compared (session_definition): session_definition string, sessions bigint,
    orders bigint, order_conversion double, mean_duration_seconds double,
    median_duration_seconds double, mean_events double, avg_order_value decimal(18,2)
order_values (order_definition): order_definition string, orders bigint, revenue decimal(18,2),
    avg_order_value decimal(18,2)
daily_data_quality (event_date): event_date date, total_events bigint,
    unknown_brand_events bigint, uncategorized_events bigint, unknown_type_events bigint,
    unknown_product_events bigint, anonymous_events bigint, unknown_session_events bigint,
    zero_price_events bigint, missing_price_events bigint, capped_events bigint
"""
_TABLES = re.findall(r"^(\w+) \((.+)\): ((?:.|\n )+)", CONTRACT, re.MULTILINE)
CONTRACT_COLUMNS = {table: typed(columns) for table, _, columns in _TABLES}
KEYS = {table: key.split(", ") for table, key, _ in _TABLES}

# Half up in integers, as (2 * sum + n) / 2n cut off; sums of money are never negative.
MACROS = """
    create macro mean_money(total, n) as case when n > 0
        then ((2 * (total * 100)::hugeint + n) // (2 * n))::decimal(20, 0) * 0.01 end;
    create macro percent(part, whole) as case when whole > 0
        then 100::double * part / whole end"""

# What the queries below stand on. Kind of step, as of the contract: v(iew), c(art), p(urchase).
TABLES = """
    create table events as
    select *, event_time::date as event_date, event_type = 'purchase' as is_purchase,
        user_id <> -999999 as is_person, (user_id, session_id) as session
    from sessionized;

    create table sessions as
    select session, any_value(user_id) as user_id, any_value(is_person) as is_person,
        min(event_time)::date as session_date,
        (max(event_us) - min(event_us)) // 1000000 as duration,
        count(*) as events,
        count(*) filter (event_type = 'view') as views,
        count(*) filter (event_type = 'cart') as carts,
        count(*) filter (is_purchase) as purchases,
        count(*) filter (is_purchase and price = 0) as free,
        count(distinct product_id) filter (product_id <> -1) as products,
        coalesce(sum(price * quantity) filter (is_purchase), 0) as spent
    from events group by session;

    create table users as
    select user_id, min(session_date) as first_date, sum(purchases) as purchases,
        case when user_id = -999999 then 'Anonymous'
            when count(*) >= 10 then 'Power User' when count(*) >= 5 then 'Active User'
            when count(*) >= 2 then 'Occasional User' else 'One-time User' end as user_segment
    from sessions group by user_id;

    create table segments as
    select unnest(['One-time User', 'Occasional User', 'Active User', 'Power User', 'Anonymous'])
        as user_segment, unnest([1, 2, 3, 4, 5]) as segment_order;

    create table periods as
    with dates as (select event_date, first_date, is_delivered, is_whole from coverage), held as (
        select 'day' as period_type, event_date as period_start, * from dates
        union all select 'week', date_trunc('week', event_date)::date, * from dates
        union all select 'month', date_trunc('month', event_date)::date, * from dates
        union all select 'total', first_date, * from dates
    )
    select period_type, period_start, event_date, case period_type
        when 'total' then (select any_value(last_date) from coverage)
        else max(event_date) over (partition by period_type, period_start) end as period_end
    from held;

    -- The dates in the calendar of each period, beside those that are whole.
    create table complete_periods as
    with kinds as (
        select period_type, period_start, case period_type when 'day' then period_start
            when 'week' then period_start + 6 when 'month' then last_day(period_start)
            else max(period_end) end as last_date
        from periods group by period_type, period_start
    ), calendar as (
        select period_type, period_start, unnest(generate_series(
            period_start::timestamp, last_date::timestamp, interval 1 day
        ))::date as event_date
        from kinds
    )
    select period_type, period_start, count(*) filter (is_delivered) as dates_delivered,
        bool_and(coalesce(is_whole, false)) as is_complete
    from calendar left join coverage using (event_date) group by period_type, period_start;

    create table steps as
    select session, product_id, event_type[1] as step, event_us from events
    where event_type in ('view', 'cart', 'purchase');

    -- For each product viewed in a session: its first view, the first cart at or after it, and the
    -- first purchase at or after that cart.
    create table ordered_products as
    with viewed as (
        select session, product_id, min(event_us) as viewed_us
        from steps where step = 'v' and product_id <> -1 group by all
    ), carted as (
        select viewed.*, min(event_us) as carted_us
        from viewed join steps using (session, product_id)
        where step = 'c' and event_us >= viewed_us group by all
    )
    select carted.*, min(event_us) as purchased_us
    from carted left join steps on steps.session = carted.session
        and steps.product_id = carted.product_id and step = 'p' and event_us >= carted_us
    group by all"""

COUNTED = f"""{oracle.BY_TYPE},
    coalesce(sum(quantity) filter (is_purchase), 0) as total_units,
    coalesce(sum(price * quantity) filter (is_purchase), 0) as revenue"""

PERIOD = "period_type, period_start"

MARTS = {
    "hourly_activity": f"""
        select event_date, hour(event_time) as event_hour, {COUNTED},
            count(*) filter (is_purchase and price = 0) as free_purchases,
            count(distinct user_id) filter (is_person) as active_users,
            count(distinct session) as active_sessions,
            mean_money(revenue, total_units) as avg_purchase_price
        from events group by all""",
    "period_activity": f"""
        with of_events as (
            select {PERIOD}, max(period_end) as period_end, {COUNTED},
                count(*) filter (is_purchase and price = 0) as free_purchases,
                count(distinct session) filter (is_person) as user_sessions,
                count(distinct user_id) filter (is_person) as users,
                count(distinct user_id) filter (is_person and is_purchase) as buyers,
                count(*) filter (is_person) as user_events,
                coalesce(sum(price * quantity) filter (is_person and is_purchase), 0)
                    as buyer_revenue,
                min(price) filter (is_purchase) as min_purchase_price,
                max(price) filter (is_purchase) as max_purchase_price
            from events join periods using (event_date) group by {PERIOD}
        ), of_users as (
            select {PERIOD}, count(*) as new_users
            from users join periods on first_date = event_date
            where user_id <> -999999 group by {PERIOD}
        ), of_sessions as (
            select {PERIOD}, count(*) as sessions,
                count(*) filter (not is_person) as anonymous_sessions,
                count(*) filter (purchases > 0) as orders,
                count(*) filter (purchases > 0 and not is_person) as anonymous_orders,
                sum(spent) as order_revenue,
                avg(duration) as mean_duration_seconds,
                quantile_cont(duration, 0.5) as median_duration_seconds
            from sessions join periods on session_date = event_date group by {PERIOD}
        )
        select * replace (coalesce(new_users, 0) as new_users, coalesce(sessions, 0) as sessions,
                coalesce(anonymous_sessions, 0) as anonymous_sessions,
                coalesce(orders, 0) as orders, coalesce(anonymous_orders, 0) as anonymous_orders,
                coalesce(order_revenue, 0) as order_revenue),
            mean_money(order_revenue, orders) as avg_order_value,
            mean_money(revenue, total_units) as avg_purchase_price,
            user_events / nullif(users, 0) as events_per_user,
            user_sessions / nullif(users, 0) as sessions_per_user,
            mean_money(buyer_revenue, buyers) as revenue_per_buyer
        from of_events join complete_periods using ({PERIOD})
            left join of_users using ({PERIOD}) left join of_sessions using ({PERIOD})
    """,
    # Each event is put into the hour and into the weekday that it is of.
    "activity_cycles": f"""
        with covered as (
            select distinct 'hour' as cycle, hour(hour_start) as position from all_hours
            union all select distinct 'weekday', isodow(hour_start) from all_hours
        ), placed as (
            select 'hour' as cycle, hour(event_time) as position, * from events
            union all select 'weekday', isodow(event_time), * from events
        ), counted as (
            select cycle, position, {COUNTED}, count(distinct session) as sessions,
                count(distinct user_id) filter (is_person) as users
            from placed group by cycle, position
        )
        select cycle, position, coalesce(columns(['total_events', 'total_views', 'total_carts',
                'total_purchases', 'total_removals', 'total_unknown', 'total_other', 'total_units',
                'revenue', 'sessions', 'users']), 0),
            mean_money(revenue, total_units) as avg_purchase_price
        from covered left join counted using (cycle, position)""",
    "daily_categories_brands": f"""
        select event_date, category_code, brand,
            case when price = 0 then '0' when price <= 100 then 'above 0 to 100'
                when price <= 1000 then 'above 100 to 1000' else 'above 1000' end as price_band,
            {COUNTED}, sum(price) as total_price,
            count(*) filter (price = 0) as zero_price_events,
            count(*) filter (is_purchase and price = 0) as free_purchases,
            count(*) filter (price = 10000) as capped_events
        from events group by all""",
    "daily_event_types": """
        select event_date, event_type, count(*) as total_events, sum(quantity) as total_units,
            sum(price) as total_price, sum(price * quantity) as total_amount,
            mean_money(sum(price), count(*)) as mean_price, min(price) as min_price,
            max(price) as max_price, count(*) filter (price = 0) as free_events
        from events group by all""",
    "daily_products": f"""
        select event_date, product_id, {COUNTED}, sum(price) as total_price
        from events group by all""",
    # A code that other codes of its date go below counts as if it had one more part, "(other)".
    # There are ten levels: from the tenth name on, the rest of a code is one name.
    "category_levels": f"""
        with codes as (select distinct event_date, category_code from events), completed as (
            select event_date, category_code, category_code || case when exists (
                from codes as below where below.event_date = codes.event_date
                    and starts_with(below.category_code, codes.category_code || '.')
            ) and len(string_split(category_code, '.')) < 10 then '.(other)' else '' end as code
            from codes
        ), named as (
            select *, string_split(code, '.') as names, case when len(names) <= 10 then names
                else names[:9] || [array_to_string(names[10:], '.')] end as parts
            from completed
        ), numbered as (
            select *, unnest(range(1, len(parts) + 1)) as level from named
        )
        select event_date, level, array_to_string(parts[:level], '.') as category_path,
            case when level > 1 then array_to_string(parts[:level - 1], '.') end as parent_path,
            parts[level] as category_name, {COUNTED}
        from events join numbered using (event_date, category_code) group by all""",
    "revenue_drivers": f"""
        with of_events as (
            select {PERIOD}, sum(price * quantity) filter (is_purchase) as revenue,
                count(distinct user_id) filter (is_person) as users
            from events join periods using (event_date) where period_type <> 'total' group by all
        ), of_sessions as (
            select {PERIOD}, count(*) as sessions, count(*) filter (purchases > 0) as orders
            from sessions join periods on session_date = event_date
            where period_type <> 'total' group by all
        ), held as (
            select * from of_events join of_sessions using (period_type, period_start)
                join complete_periods using (period_type, period_start)
            where is_complete and revenue > 0 and users > 0 and sessions > 0 and orders > 0
        ), paired as (
            select n.*, b.period_start as before_start, b.revenue as revenue_before,
                n.revenue::double as r, b.revenue::double as s,
                if(r = s, r, (r - s) / (ln(r) - ln(s))) as weight,
                ln(n.users) - ln(b.users) as visitors, ln(n.sessions) - ln(b.sessions) as visits,
                ln(n.orders) - ln(b.orders) as ordered, ln(r) - ln(s) as all_of_it
            from held as n join held as b on n.period_type = b.period_type
                and n.period_start = b.period_start + ('1 ' || n.period_type)::interval
        )
        select {PERIOD}, before_start, revenue, revenue_before,
            round(weight * visitors, 6) as from_visitors,
            round(weight * (visits - visitors), 6) as from_visits,
            round(weight * (ordered - visits), 6) as from_conversion,
            round(weight * (all_of_it - ordered), 6) as from_order_value
        from paired""",
    # The n-th cart of a product, session and date goes with the n-th view, the n-th purchase with
    # the n-th cart.
    "funnels": f"""
        with numbered as (
            select event_date, session, product_id, event_type, row_number() over (
                partition by event_date, session, product_id, event_type
            ) as n
            from events where event_type in ('view', 'cart', 'purchase')
        ), paired as (
            select event_date, session, product_id, n, bool_or(event_type = 'view') as v,
                bool_or(event_type = 'cart') as c, bool_or(event_type = 'purchase') as p
            from numbered group by all
        ), pairs as (
            select event_date, count(*) filter (v and c) as carted,
                count(*) filter (v and c and p) as purchased,
                count(*) filter (p and not c) as purchases_without_cart
            from paired group by event_date
        ), of_events as (
            select 'events' as definition, event_date,
                count(*) filter (event_type = 'view') as viewed,
                coalesce(any_value(carted), 0) as carted,
                coalesce(any_value(purchased), 0) as purchased,
                count(*) filter (event_type = 'unknown') as unknown,
                count(*) filter (is_purchase) as converted, viewed as overall_base,
                null::bigint as all_sessions,
                coalesce(any_value(purchases_without_cart), 0) as purchases_without_cart
            from events left join pairs using (event_date) group by event_date
        ), any_order as (
            select 'sessions_any_order' as definition, session_date as event_date,
                count(*) filter (views > 0) as viewed,
                count(*) filter (views > 0 and carts > 0) as carted,
                count(*) filter (views > 0 and carts > 0 and purchases > 0) as purchased,
                null as unknown, count(*) filter (purchases > 0) as converted,
                count(*) as overall_base, count(*) as all_sessions,
                count(*) filter (purchases > 0 and carts = 0) as purchases_without_cart
            from sessions group by session_date
        ), in_order as (
            select 'sessions_ordered' as definition, session_date as event_date,
                count(*) filter (views > 0) as viewed,
                count(*) filter (session in (select session from ordered_products)) as carted,
                count(*) filter (session in (
                    select session from ordered_products where purchased_us is not null
                )) as purchased, null as unknown, purchased as converted, viewed as overall_base,
                count(*) as all_sessions,
                count(*) filter (session in (
                    select session from steps as p
                    where step = 'p' and product_id <> -1 and not exists (
                        from steps as c where c.step = 'c' and c.session = p.session
                            and c.product_id = p.product_id and c.event_us <= p.event_us
                    )
                )) as purchases_without_cart
            from sessions group by session_date
        ), of_users as (
            select {PERIOD}, user_id, bool_or(event_type = 'view') as has_viewed,
                bool_or(event_type = 'cart') as has_carted, bool_or(is_purchase) as has_purchased
            from events join periods using (event_date) where is_person group by all
        ), counted as (
            select {PERIOD}, definition, sum(columns(['viewed', 'carted', 'purchased', 'unknown',
                'converted', 'overall_base', 'all_sessions', 'purchases_without_cart']))
            from (from of_events union all from any_order union all from in_order)
                join periods using (event_date)
            group by all
            union all
            select {PERIOD}, 'users', count(*) filter (has_viewed),
                count(*) filter (has_viewed and has_carted),
                count(*) filter (has_viewed and has_carted and has_purchased), null,
                count(*) filter (has_purchased), count(*), null,
                count(*) filter (has_purchased and not has_carted)
            from of_users group by all
        )
        select *, percent(carted, viewed) as view_to_cart,
            percent(purchased, carted) as cart_to_purchase,
            percent(converted, overall_base) as overall,
            percent(converted, all_sessions) as overall_of_all_sessions,
            case definition when 'events' then 'views' when 'users' then 'visitors'
                when 'sessions_ordered' then 'sessions with a view' else 'sessions'
            end as denominator
        from counted""",
    "funnel_times": f"""
        with times as (
            select session, 'view_to_cart' as step, carted_us - viewed_us as us
            from ordered_products
            union all
            select session, 'cart_to_purchase', purchased_us - carted_us from ordered_products
            union all
            select session, 'view_to_purchase', purchased_us - viewed_us from ordered_products
        )
        select {PERIOD}, step, count(*) as pairs,
            quantile_cont(us, 0.25) / 1e6 as q1_seconds,
            quantile_cont(us, 0.5) / 1e6 as median_seconds,
            quantile_cont(us, 0.75) / 1e6 as q3_seconds
        from times join sessions using (session) join periods on session_date = event_date
        where us is not null group by all""",
    "daily_sessions": """
        select session_date,
            case when duration < 60 then 1 when duration < 300 then 2 when duration < 600 then 3
                when duration < 1800 then 4 else 5 end as bucket_order,
            ['below 1 minute', '1 to 5 minutes', '5 to 10 minutes', '10 to 30 minutes',
                '30 minutes and more'][bucket_order] as duration_bucket,
            user_segment, segment_order, count(*) as sessions,
            count(*) filter (sessions.purchases > 0) as orders,
            count(*) filter (not is_person) as anonymous_sessions,
            sum(duration) as total_duration_seconds, sum(views) as total_views,
            sum(carts) as total_carts, sum(sessions.purchases) as total_purchases,
            sum(products) as total_products, sum(spent) as revenue, sum(free) as free_purchases
        from sessions join users using (user_id) join segments using (user_segment)
        group by all""",
    "segment_value": """
        with of_users as (
            select user_segment, count(*) filter (user_id <> -999999) as users,
                count(*) filter (user_id <> -999999 and purchases > 0) as buyers
            from users group by all
        ), of_sessions as (
            select user_segment, count(*) as sessions,
                count(*) filter (sessions.purchases > 0) as orders,
                sum(sessions.purchases) as total_purchases, sum(spent) as revenue
            from sessions join users using (user_id) group by all
        ), counted as (
            select user_segment, segment_order, coalesce(columns(['users', 'buyers', 'sessions',
                'orders', 'total_purchases', 'revenue']), 0)
            from segments left join of_users using (user_segment)
                left join of_sessions using (user_segment)
        )
        select *, percent(revenue, (select sum(spent) from sessions)) as revenue_share,
            percent(orders, sessions) as order_conversion,
            percent(buyers, users) as buyer_conversion,
            mean_money(revenue, orders) as avg_order_value,
            mean_money(revenue, buyers) as revenue_per_buyer
        from counted""",
    # A delivered id that reads like the name of a run without one is told apart from it.
    "definitions_compared": """
        with of_definition as (
            select session_definition,
                (max(event_us) - min(event_us)) // 1000000 as duration, count(*) as events,
                coalesce(sum(price * quantity) filter (event_type = 'purchase'), 0) as spent,
                bool_or(event_type = 'purchase') as is_order
            from compared group by session_definition, user_id, session_id, is_sessionless
        )
        select session_definition, count(*) as sessions, count(*) filter (is_order) as orders,
            percent(orders, sessions) as order_conversion,
            avg(duration) as mean_duration_seconds,
            quantile_cont(duration, 0.5) as median_duration_seconds,
            avg(events) as mean_events, mean_money(sum(spent), orders) as avg_order_value
        from of_definition group by session_definition""",
    # Nobody's purchases of a day are no one order: they are told apart by session.
    "order_values": """
        with orders as (
            select 'session' as order_definition, sum(price * quantity) as spent
            from events where is_purchase group by session
            union all
            select 'user-day', sum(price * quantity) from events where is_purchase
            group by event_date, user_id, case when not is_person then session_id end
            union all
            select 'line', price * quantity from events where is_purchase
        ), definitions as (select unnest(['session', 'user-day', 'line']) as order_definition)
        select order_definition, count(spent) as orders, coalesce(sum(spent), 0) as revenue,
            mean_money(sum(spent), count(spent)) as avg_order_value
        from definitions left join orders using (order_definition) group by order_definition""",
    "daily_data_quality": """
        select event_date, count(*) as total_events,
            count(*) filter (brand = 'unknown_brand') as unknown_brand_events,
            count(*) filter (category_code = 'uncategorized') as uncategorized_events,
            count(*) filter (event_type = 'unknown') as unknown_type_events,
            count(*) filter (product_id = -1) as unknown_product_events,
            count(*) filter (not is_person) as anonymous_events,
            count(*) filter (not has_session) as unknown_session_events,
            count(*) filter (price = 0) as zero_price_events,
            count(*) filter (not has_price) as missing_price_events,
            count(*) filter (price = 10000) as capped_events
        from events group by event_date""",
}

# Name: whether delivered ids are ignored, the pause in minutes that cuts. The first is in force.
SESSION_DEFINITIONS = {
    "as delivered": (False, None),
    "as delivered, 30 minutes": (False, 30),
    "by inactivity, 30 minutes": (True, 30),
}


def activity_marts(landing: Path, rules: Rules = BY_DEFAULT) -> dict[str, pa.Table]:
    """The marts that the files of a landing folder must give, without load_id."""
    candidates, _, _ = oracle.fates(Path(landing), rules)
    with duckdb.connect() as db:
        db.register("candidates", candidates)
        db.execute(oracle.ACCEPTED)
        db.execute(oracle.COVERAGE)
        compared = []
        for number, (name, (inactivity, minutes)) in enumerate(SESSION_DEFINITIONS.items()):
            timeout = minutes and minutes * MINUTE
            db.execute(oracle.SESSIONIZED, oracle.pauses(inactivity, timeout))
            db.execute(f"alter table sessionized rename to sessionized_{number}")
            compared.append(f"select *, '{name}' as session_definition from sessionized_{number}")
        db.execute("create table compared as " + " union all ".join(compared))
        db.execute("create view sessionized as from sessionized_0")
        db.execute(MACROS)
        db.execute(TABLES)
        return {
            mart: db.sql(f"select {', '.join(columns)} from ({MARTS[mart]})")
            .to_arrow_table()
            .cast(pa.schema([(name, ARROW_TYPES[kind]) for name, kind in columns.items()]))
            for mart, columns in CONTRACT_COLUMNS.items()
        }
