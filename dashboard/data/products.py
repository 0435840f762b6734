"""Products, brands, categories, prices and carts."""

from datetime import date, timedelta

import pandas as pd

from dashboard.data.marts import Build, MissingMart, null_defaults, of_category, query
from dashboard.data.quality import arrival
from shopstream.config import rules

NO_BRAND = "No brand"
SUMS = "sum(total_views) as views, sum(total_purchases) as purchases, sum(revenue) as revenue"


def categories(build: Build) -> list[str]:
    """All category paths, of any level."""
    found = query(
        build,
        """select distinct category_path from category_levels
        where not ends_with(category_path, $other) order by category_path""",
        other=rules()["other_category"],
    )
    return found["category_path"].tolist()


def brand_names(build: Build) -> list[str]:
    """All brands."""
    found = query(build, "select distinct brand from daily_categories_brands order by brand")
    return found["brand"].tolist()


def brand_titles(build: Build) -> dict[str, str]:
    """Brands as their owners write them, where the seed brand_names says so; the default for a
    missing one is no name."""
    try:
        found = query(build, "select brand, brand_name from brand_names")
    except MissingMart:
        found = pd.DataFrame(columns=["brand", "brand_name"])
    titles = dict(zip(found["brand"], found["brand_name"], strict=True))
    return titles | {null_defaults()["brand"]: NO_BRAND}


def titled(build: Build, brands: pd.Series) -> pd.Series:
    """Brands as they are shown."""
    return brands.map(brand_titles(build)).fillna(brands)


def product_names(build: Build, rows: pd.DataFrame) -> pd.Series:
    """Products by their brand and number."""
    return titled(build, rows["brand"]) + " " + rows["product_id"].astype(str)


def with_titles(build: Build, rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The same rows, where these labels of products begin with their brand as it is shown."""
    titles = brand_titles(build)
    for column in columns:
        words = rows[column].str.split(" ", n=1)
        rows[column] = [" ".join([titles.get(first, first), *rest]) for first, *rest in words]
    return rows


def top_products(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Known products by revenue; brand and category are the last that were delivered."""
    return query(
        build,
        f"""with sold as (
            select product_id, {SUMS} from daily_products
            where event_date between $first and $last and product_id <> $missing
            group by product_id
        )
        select sold.product_id, p.brand, p.category_code, views, purchases, revenue
        from sold join dim_products as p on p.product_id = sold.product_id
        where revenue > 0 {of_category(category, brand)}
        order by revenue desc, sold.product_id limit 100""",
        first=first,
        last=last,
        category=category,
        brand=brand,
        missing=null_defaults()["product_id"],
    )


def brands(build: Build, first: date, last: date, category: str | None) -> pd.DataFrame:
    """Brands by revenue, with their shares of revenue and of views in percent."""
    return query(
        build,
        f"""with sold as (
            select brand, {SUMS} from daily_categories_brands
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
        f"""with levels as (
            select category_path, parent_path, category_name, level, {SUMS}
            from category_levels where event_date between $first and $last group by all
        ), rest as (
            -- Of dates on which nothing below a category was sold: it goes to no child there.
            select levels.category_path || '.' || $other as category_path,
                levels.category_path as parent_path, $other as category_name, level + 1 as level,
                levels.views - held.views as views,
                levels.purchases - held.purchases as purchases,
                levels.revenue - held.revenue as revenue
            from levels join (
                select parent_path as category_path, sum(views) as views,
                    sum(purchases) as purchases, sum(revenue) as revenue
                from levels group by all
            ) as held using (category_path)
        )
        select category_path, parent_path, category_name, level, sum(views) as views,
            sum(purchases) as purchases, sum(revenue) as revenue
        from (from levels union all by name from rest)
        group by all having sum(revenue) > 0 order by level, category_path""",
        first=first,
        last=last,
        other=rules()["other_category"],
    )


def first_categories(build: Build) -> list[str]:
    """The first parts of categories by revenue over all dates."""
    found = query(
        build,
        """select category_path from category_levels where parent_path is null
        group by category_path order by sum(revenue) desc, category_path""",
    )
    return found["category_path"].tolist()


def price_and_conversion(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Mean price, purchases / views and revenue by category; by brand within a chosen category."""
    name = "brand" if category and not brand else "category_code"
    return query(
        build,
        f"""select {name} as name,
            sum(total_price) / sum(total_events - zero_price_events) as mean_price,
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


def price_days(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Average price of events that have one, and of units bought, by date."""
    found = query(
        build,
        f"""select event_date, sum(total_events) as events, sum(total_purchases) as purchases,
            sum(total_price) / nullif(sum(total_events - zero_price_events), 0) as mean_price,
            sum(revenue) / nullif(sum(total_units), 0) as paid
        from daily_categories_brands
        where event_date between $first and $last {of_category(category, brand)}
        group by event_date order by event_date""",
        first=first,
        last=last,
        category=category,
        brand=brand,
    )
    return found.assign(event_date=pd.to_datetime(found["event_date"]))


def price_bands(
    build: Build, first: date, last: date, category: str | None, brand: str | None
) -> pd.DataFrame:
    """Views, purchases, revenue and purchases / views by band of price."""
    return query(
        build,
        f"""with sold as (
            select price_band, {SUMS} from daily_categories_brands
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
        f"""select relative_band, sum(products) as products, {SUMS},
            100 * sum(total_purchases) / nullif(sum(total_views), 0) as conversion
        from relative_price_bands where true {of_category(category, None)}
        group by relative_band, band_order order by band_order""",
        category=category,
    )


def named_pairs(build: Build, best: str, order: str, **values) -> pd.DataFrame:
    """The pairs of `product_affinity` that `best` selects, named, in this order.

    Labels are most of the mart's bytes: those of a few pairs come from the dimension.
    """
    found = query(
        build,
        f"""with best as ({best} order by {order} limit 100),
        names as (
            select product_id::varchar as item, concat_ws(' ', brand, category_code, item) as label
            from dim_products
            where $item_type = 'product'
        )
        select coalesce(a.label, item_a) as label_a, coalesce(b.label, item_b) as label_b,
            best.*
        from best
        left join names as a on a.item = item_a
        left join names as b on b.item = item_b
        order by {order}""",
        **values,
    )
    return with_titles(build, found, "label_a", "label_b")


def affinity(build: Build, item_type: str, basket_type: str, apart: bool) -> pd.DataFrame:
    """Pairs that go together more often than by chance over all dates, or those that go `apart`,
    less often: first those that are both common and far from chance."""
    return named_pairs(
        build,
        """select item_a, item_b, baskets, lift, confidence_a_to_b, confidence_b_to_a
        from product_affinity
        where item_type = $item_type and basket_type = $basket_type and bond = $bond""",
        "baskets * abs(ln(lift)) desc, item_a, item_b",
        item_type=item_type,
        basket_type=basket_type,
        bond="apart" if apart else "together",
    )


def cart_horizon() -> int:
    """Days of data after which an open cart counts as abandoned."""
    return rules()["cart_horizon_days"]


def carts_decided_until(build: Build) -> date:
    """The last date whose carts have all been bought, removed or left; later ones may be bought."""
    ended = arrival(build).last_hour + timedelta(hours=1) - timedelta(days=cart_horizon())
    return ended.date() - timedelta(days=1)


def carts(
    build: Build, first: date, last: date, category: str | None, brand: str | None = None
) -> pd.DataFrame:
    """Carts of a visitor and a product and what became of them, by first part of the category;
    `decided` are all but those that may still be bought. The brand is that of the product now."""
    of_brand = "and product_id in (select product_id from dim_products where brand = $brand)"
    return query(
        build,
        f"""with ended as (
            select split_part(category_code, '.', 1) as category,
                replace(outcome, 'purchased_', '') as outcome, episodes, cart_value
            from cart_outcomes
            where cart_date between $first and $last {of_category(category, None)}
                {of_brand if brand else ""}
        )
        select category, sum(episodes) as carted,
            coalesce(sum(episodes) filter (outcome = 'same_session'), 0) as same_session,
            coalesce(sum(episodes) filter (outcome = 'later'), 0) as later,
            coalesce(sum(episodes) filter (outcome = 'removed'), 0) as removed,
            coalesce(sum(episodes) filter (outcome = 'abandoned'), 0) as abandoned,
            coalesce(sum(episodes) filter (outcome = 'undecided'), 0) as undecided,
            carted - undecided as decided,
            coalesce(sum(cart_value) filter (outcome = 'abandoned'), 0) as abandoned_value
        from ended group by category order by abandoned_value desc, category""",
        first=first,
        last=last,
        category=category,
        brand=brand,
    )


def decided_carts(
    build: Build, first: date, last: date, category: str | None, brand: str | None = None
) -> pd.DataFrame:
    """`carts`, up to the last date that is decided: of later ones only those that were bought or
    removed are, so that none of them looks left."""
    return carts(build, first, min(last, carts_decided_until(build)), category, brand)


def product_revenue(build: Build, first: date, last: date) -> pd.DataFrame:
    """Revenue of each known product in these dates."""
    return query(
        build,
        """select product_id, sum(revenue) as revenue from daily_products
        where event_date between $first and $last and product_id <> $missing group by product_id""",
        first=first,
        last=last,
        missing=null_defaults()["product_id"],
    )


def names_of(build: Build, product_ids: list[int]) -> list[str]:
    """These products by their brand and number."""
    found = query(
        build,
        "select product_id, brand from dim_products where list_contains($ids, product_id)",
        ids=product_ids,
    )
    named = dict(zip(found["product_id"], product_names(build, found), strict=True))
    return [named.get(each, str(each)) for each in product_ids]


def changed_most(build: Build) -> pd.DataFrame:
    """Products with most changes of price, brand or category, over all dates; brand and price as
    they are now."""
    return query(
        build,
        """with held as (
            select product_id, count(*) - 1 as changes, min(price) as lowest, max(price) as highest
            from product_history where product_id <> $missing
            group by product_id having count(*) > 1
            order by changes desc, product_id limit 100
        )
        select held.product_id, p.brand, changes, lowest, p.last_price as price_now, highest
        from held join dim_products as p on p.product_id = held.product_id
        order by changes desc, held.product_id""",
        missing=null_defaults()["product_id"],
    )
