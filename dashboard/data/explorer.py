"""Tables to look things up in: products, brands and categories, one product, one customer."""

from datetime import date

import pandas as pd

from dashboard.data.marts import Build, null_defaults, of_category, query
from dashboard.data.products import carts_decided_until, named_pairs, with_titles

# Where the figures of each kind come from, and what tells one from another.
KINDS = {
    "products": ("daily_products", "product_id"),
    "brands": ("daily_categories_brands", "brand"),
    "categories": ("daily_categories_brands", "category_code"),
}
SORTS = ("revenue", "purchases", "views", "carts", "conversion", "abandonment", "change")


def _sold_and_carted(kind: str, narrow: str) -> str:
    """The import of a query: items with their sales now and earlier, and what became of carts."""
    table, key = KINDS[kind]
    products = kind == "products"
    return f"""with sold as (
            select {key} as item, sum(total_views) filter (now) as views,
                sum(total_carts) filter (now) as carts,
                sum(total_purchases) filter (now) as purchases,
                sum(revenue) filter (now) as revenue, sum(revenue) filter (earlier) as earned
            from (
                select *, event_date between $first and $last as now,
                    event_date between $before_first and $before_last as earlier
                from {table}
                where (now or earlier) {"and product_id <> $missing" if products else narrow}
            ) group by all having count(*) filter (now) > 0
        ), carted as (
            select {"o.product_id" if products else f"p.{key}"} as item,
                100 * sum(episodes) filter (outcome = 'abandoned')
                    / nullif(sum(episodes) filter (outcome <> 'undecided'), 0) as abandonment
            from cart_outcomes as o join dim_products as p on p.product_id = o.product_id
            where cart_date between $first and least($last, $decided) group by all
        )"""


def explored(
    build: Build,
    kind: str,
    dates: tuple[date, date],
    before: tuple[date, date] | None,
    *,
    find: str = "",
    sort: str = "revenue",
    category: str | None = None,
    brand: str | None = None,
    rows: int | None = None,
    skip: int = 0,
) -> pd.DataFrame:
    """All of a kind with an event in these dates whose name has the text `find` in it, by a column
    of SORTS; `found` says how many there are, `change` is of revenue against the dates before."""
    products = kind == "products"
    narrow = of_category(category, brand)
    named = (
        "concat_ws(' ', sold.item::varchar, p.brand, p.category_code)" if products else "sold.item"
    )
    return query(
        build,
        f"""{_sold_and_carted(kind, narrow)}
        select sold.item, {"p.brand, p.category_code," if products else ""} views, carts, purchases,
            revenue, 100 * purchases / nullif(views, 0) as conversion, abandonment,
            100 * (revenue / nullif(earned, 0) - 1) as change, count(*) over () as found
        from sold left join carted on carted.item = sold.item
        {"join dim_products as p on p.product_id = sold.item" if products else ""}
        where contains(lower({named}), lower($find)) {narrow if products else ""}
        order by {sort if sort in SORTS else SORTS[0]} desc nulls last, sold.item
        {f"limit {int(rows)} offset {int(skip)}" if rows else ""}""",
        first=dates[0],
        last=dates[1],
        before_first=before[0] if before else dates[1],
        before_last=before[1] if before else dates[0],
        find=find,
        category=category,
        brand=brand,
        missing=null_defaults()["product_id"],
        decided=carts_decided_until(build),
    )


def product(build: Build, product_id: int) -> pd.Series | None:
    """A product with its brand and category; None where there is none of this number."""
    found = query(
        build,
        """select product_id, brand, category_code, last_price from dim_products
        where product_id = $product_id and product_id <> $missing""",
        product_id=product_id,
        missing=null_defaults()["product_id"],
    )
    return found.iloc[0] if len(found) else None


def product_days(build: Build, product_id: int, first: date, last: date) -> pd.DataFrame:
    """Views, carts, purchases and revenue of a product by date."""
    found = query(
        build,
        """select event_date, total_views, total_carts, total_purchases, revenue
        from daily_products
        where product_id = $product_id and event_date between $first and $last""",
        product_id=product_id,
        first=first,
        last=last,
    )
    found["event_date"] = pd.to_datetime(found["event_date"])
    dates = pd.date_range(first, last, name="event_date")
    return found.set_index("event_date").reindex(dates).fillna(0).reset_index()


def product_carts(build: Build, product_id: int, first: date, last: date) -> pd.Series:
    """Carts of a product whose date is decided, and how many of these were left."""
    return query(
        build,
        """select coalesce(sum(episodes) filter (outcome <> 'undecided'), 0) as decided,
            coalesce(sum(episodes) filter (outcome = 'abandoned'), 0) as abandoned
        from cart_outcomes
        where product_id = $product_id and cart_date between $first and $last""",
        product_id=product_id,
        first=first,
        last=min(last, carts_decided_until(build)),
    ).iloc[0]


def price_history(build: Build, product_id: int) -> pd.DataFrame:
    """The prices of a product and from when to when each held."""
    return query(
        build,
        """select valid_from, valid_to, price from product_history
        where product_id = $product_id and price is not null order by valid_from""",
        product_id=product_id,
    )


def bought_together(build: Build, product_id: int) -> pd.DataFrame:
    """What is bought with a product more often than by chance, strongest first."""
    found = query(
        build,
        """select if(item_a = $item, label_b || ' ' || item_b, label_a || ' ' || item_a) as product,
            baskets, lift
        from product_affinity
        where item_type = 'product' and basket_type = 'bought' and bond = 'together'
            and $item in (item_a, item_b)
        order by baskets * ln(lift) desc, product limit 50""",
        item=str(product_id),
    )
    return with_titles(build, found, "product")


def pairs_of(build: Build, category: str | None, brand: str | None) -> pd.DataFrame:
    """Products bought together more often than by chance, one of the two at least of this category
    and brand, strongest first."""
    return named_pairs(
        build,
        f"""with own as (
            select product_id::varchar as item from dim_products
            where product_id <> $missing {of_category(category, brand)}
        )
        select item_a, item_b, baskets, lift
        from product_affinity
        where item_type = $item_type and basket_type = 'bought' and bond = 'together'
            and (item_a in (select item from own) or item_b in (select item from own))""",
        "baskets * ln(lift) desc, item_a, item_b",
        item_type="product",
        category=category,
        brand=brand,
        missing=null_defaults()["product_id"],
    )


def customer(build: Build, user_id: int) -> pd.Series | None:
    """A visitor with the RFM segment of those who bought; None where there is none."""
    found = query(
        build,
        """select u.user_id, first_seen_at, last_seen_at, total_sessions, total_views, total_carts,
            total_purchases, total_spent, user_segment, rfm_segment, recency_days, frequency
        from dim_users as u left join rfm_users as r on r.user_id = u.user_id
        where u.user_id = $user_id and not is_anonymous""",
        user_id=user_id,
    )
    return found.iloc[0] if len(found) else None


def customer_sessions(build: Build, user_id: int) -> pd.DataFrame:
    """The sessions of a visitor, latest first."""
    return query(
        build,
        """select session_start, duration_seconds, total_views as views, total_carts as carts,
            total_purchases as purchases, total_spent as revenue
        from dim_sessions where user_id = $user_id order by session_start desc""",
        user_id=user_id,
    )


def customers(build: Build, rfm_segment: str | None, rows: int | None) -> pd.DataFrame:
    """Buyers of an RFM segment, who spent most first."""
    return query(
        build,
        f"""select user_id, rfm_segment, frequency as orders, monetary as revenue,
            recency_days as days_since_last_order, count(*) over () as found
        from rfm_users {"where rfm_segment = $segment" if rfm_segment else ""}
        order by monetary desc, user_id {f"limit {int(rows)}" if rows else ""}""",
        segment=rfm_segment,
    )
