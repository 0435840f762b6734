"""The way of the notebook that shopstream replaces, on the same Spark and settings.

What it did: clean in a view that nothing keeps, so each table cleans and dedupes anew; drop
duplicates by five columns as delivered; find the start and the end of a session by windows over
its events; write a summary of sessions, four dimensions and a fact as Delta tables. Left out is
all that was only looked at: its counts, its charts, its questions. One thing is added, or totals
could not be compared: rows that can't be used (no time, a price that is no number) are left out.
"""

import sys
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from bench.spark import session
from bench.steps import Steps

# Totals that its way gets right, from its tables, and the same from the core marts. Its number of
# sessions depends on which of two duplicates survived, which it leaves to chance.
RIGHT_TOTALS = {
    "events": "select count(*) from fact_events",
    "views": "select count(*) from fact_events where event_type = 'view'",
    "carts": "select count(*) from fact_events where event_type = 'cart'",
    "purchases": "select sum(total_purchases)::bigint from dim_users",
    "revenue": "select round(sum(total_spent), 2)::decimal(18, 2) from dim_users",
    "users": "select count(*) from dim_users",
    "products": "select count(distinct product_id) from dim_products",
    "hours with events": "select count(*) from dim_time",
}
SAME_FROM_MARTS = RIGHT_TOTALS | {
    "events": "select count(*) from fct_events",
    "views": "select count(*) from fct_events where event_type = 'view'",
    "carts": "select count(*) from fct_events where event_type = 'cart'",
    "hours with events": "select count(distinct time_key) from fct_events",
}


def cleaned(spark: SparkSession, source: Path) -> DataFrame:
    """Its cleaning: defaults, a cap on the price, a window of dates, no duplicates."""
    raw = spark.read.parquet(str(source))
    raw = raw.filter(
        F.col("event_time").isNotNull()
        & (F.col("price").isNull() | (F.col("price") < float("inf")))
    )
    user_id = F.coalesce("user_id", F.lit(-999999))
    price = F.coalesce("price", F.lit(0.0))
    return (
        raw.withColumns(
            {
                "time": F.coalesce("event_time", F.lit("2019-10-01 00:00:00").cast("timestamp")),
                "type": F.coalesce("event_type", F.lit("unknown")),
                "user": user_id,
                "product": F.coalesce(F.col("product_id").cast("string"), F.lit("unknown_product")),
                "session": F.coalesce("user_session", F.concat(F.lit("unknown_session_"), user_id)),
                "paid": F.least(F.greatest(price, F.lit(0.0)), F.lit(10000.0)),
                "maker": F.coalesce("brand", F.lit("unknown_brand")),
                "category": F.coalesce("category_code", F.lit("uncategorized")),
                "category_number": F.coalesce("category_id", F.lit(-1)),
            }
        )
        .withColumns({"event_date": F.to_date("time"), "event_hour": F.hour("time")})
        .filter(F.col("event_date").between("2019-10-01", "2020-04-30"))
        .dropDuplicates(["event_time", "user_id", "product_id", "event_type", "price"])
    )


def with_session_times(events: DataFrame) -> DataFrame:
    """Each event with the first and the (running, hence wrong) last time of its session."""
    in_session = Window.partitionBy("session").orderBy("time")
    return events.withColumns(
        {
            "session_start": F.first("time").over(in_session),
            "session_end": F.last("time").over(in_session),
        }
    )


def number_of(event_type: str) -> Column:
    """Events of a type."""
    return F.count(F.when(F.col("type") == event_type, 1))


def spent() -> Column:
    """Sum of price over purchases, as a double, null without any."""
    return F.sum(F.when(F.col("type") == "purchase", F.col("paid")))


def seconds_between() -> Column:
    """Length of a session."""
    return F.unix_timestamp("session_end") - F.unix_timestamp("session_start")


def session_summary(events: DataFrame) -> DataFrame:
    """Its table of sessions for analysis; the running end makes nearly every event a session."""
    return (
        with_session_times(events)
        .groupBy("user", "session", "session_start", "session_end")
        .agg(
            number_of("view").alias("view_count"),
            number_of("cart").alias("cart_count"),
            number_of("purchase").alias("purchase_count"),
            number_of("unknown").alias("unknown_count"),
            spent().alias("total_spent"),
            F.countDistinct("product").alias("unique_products"),
            F.countDistinct("category").alias("unique_categories"),
        )
        .withColumns(
            {
                "duration_seconds": seconds_between(),
                "has_purchased": F.col("purchase_count") > 0,
                "conversion_rate": F.when(
                    F.col("view_count") > 0, F.col("purchase_count") * 100.0 / F.col("view_count")
                ).otherwise(0),
                "is_anonymous": F.col("user") == -999999,
                "has_unknown_events": F.col("unknown_count") > 0,
            }
        )
    )


def dim_users(events: DataFrame) -> DataFrame:
    """One row a user."""
    sessions = F.col("total_sessions")
    return (
        events.groupBy(F.col("user").alias("user_id"))
        .agg(
            F.countDistinct("session").alias("total_sessions"),
            number_of("purchase").alias("total_purchases"),
            spent().alias("total_spent"),
        )
        .withColumn(
            "user_segment",
            F.when(sessions >= 10, "Power User")
            .when(sessions >= 5, "Active User")
            .when(sessions >= 2, "Occasional User")
            .otherwise("One-time User"),
        )
    )


def dim_products(events: DataFrame) -> DataFrame:
    """One row a product and set of attributes, so some products have several."""
    return events.groupBy(
        F.col("product").alias("product_id"),
        F.col("maker").alias("brand"),
        F.col("category").alias("category_code"),
        F.col("category_number").alias("category_id"),
    ).agg(F.round(F.avg("paid"), 2).alias("avg_price"), F.count("*").alias("total_views"))


def dim_sessions(events: DataFrame) -> DataFrame:
    """One row a session and user."""
    return (
        with_session_times(events)
        .groupBy(F.col("session").alias("session_id"), F.col("user").alias("user_id"))
        .agg(
            F.first("session_start").alias("session_start"),
            F.first("session_end").alias("session_end"),
            (number_of("purchase") > 0).alias("has_purchased"),
        )
        .withColumn("duration_seconds", seconds_between())
    )


def dim_time(events: DataFrame) -> DataFrame:
    """One row an hour that has events; its keys change with every run."""
    return (
        events.select("event_date", "event_hour")
        .distinct()
        .withColumns(
            {
                "time_id": F.monotonically_increasing_id(),
                "day_of_week": F.dayofweek("event_date"),
                "day_name": F.date_format("event_date", "EEEE"),
                "month": F.month("event_date"),
                "year": F.year("event_date"),
            }
        )
    )


def fact_events(events: DataFrame) -> DataFrame:
    """One row an event, joined to its hour."""
    hours = dim_time(events).select("time_id", "event_date", "event_hour")
    return events.join(hours, ["event_date", "event_hour"], "left").select(
        F.monotonically_increasing_id().alias("event_id"),
        F.col("user").alias("user_id"),
        F.col("product").alias("product_id"),
        F.col("session").alias("session_id"),
        "time_id",
        F.col("type").alias("event_type"),
        F.col("paid").alias("price"),
        F.col("time").alias("event_timestamp"),
    )


TABLES = [session_summary, dim_users, dim_products, dim_sessions, dim_time, fact_events]


def make(spark: SparkSession, source: Path, steps: Steps) -> None:
    """Make its tables from the Parquet files of `source` as Delta tables."""
    events = cleaned(spark, source)
    for table in TABLES:
        with steps.step(table.__name__):
            table(events).write.format("delta").saveAsTable(table.__name__)


def run(source: Path, target: Path) -> None:
    """The same in a session of its own, the tables in `target`."""
    target.mkdir(parents=True)
    steps = Steps(target)
    with steps.step("start of Spark"):
        spark = session(target)
    make(spark, source, steps)
    spark.stop()
    steps.write()


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
