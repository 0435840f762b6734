"""The settings that a user can make in the environment: name, default and what it is."""

from shopstream.config import FOLDERS


def in_project(name: str) -> str:
    """Where a folder is unless its variable says so."""
    return f"`{FOLDERS[name]}`"


VARIABLES = [
    ("SHOPSTREAM_LANDING", in_project("SHOPSTREAM_LANDING"), "delivered files; only read"),
    ("SHOPSTREAM_WAREHOUSE", in_project("SHOPSTREAM_WAREHOUSE"), "all tables"),
    ("SHOPSTREAM_SAMPLE", in_project("SHOPSTREAM_SAMPLE"), "the generated sample"),
    (
        "SHOPSTREAM_LOGS",
        in_project("SHOPSTREAM_LOGS"),
        "full logs of shopstream, dbt and the engine",
    ),
    (
        "DBT_TARGET_PATH",
        in_project("DBT_TARGET_PATH"),
        "what dbt compiles, its manifest and results",
    ),
    (
        "DBT_TARGET",
        "`sail`; while `shopstream server` runs, `connect`",
        "engine: `sail`, or Spark as `embedded`, `connect` or `cluster` "
        "([engines](../how-to/engines.md))",
    ),
    (
        "SHOPSTREAM_SCHEMA",
        "`shopstream`",
        "first part of the schemas to which dbt by hand writes; readers see those of the default",
    ),
    (
        "SHOPSTREAM_HOOK",
        "none",
        "a command that hears of failed builds, refused files and anomalies "
        "([scheduling](../how-to/scheduling.md))",
    ),
    (
        "SHOPSTREAM_DUCKDB_MEMORY",
        "a quarter of the machine",
        "limit of memory while files are decoded, such as `4GB`",
    ),
    (
        "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE",
        "a third of the machine",
        "limit of Sail's memory in bytes; beyond it, Sail writes to its temporary folder",
    ),
    (
        "SHOPSTREAM_MAX_RATIO",
        "200",
        "how many times its size a delivered file may unpack to, where that is above 100 MiB",
    ),
    ("SHOPSTREAM_TIMEZONE", "`UTC`", "zone of the times on the dashboard; the marts stay UTC"),
    (
        "SHOPSTREAM_CURRENCY",
        "that of the var `store_currency`",
        "sign of the amounts on the dashboard",
    ),
    ("SHOPSTREAM_HIDE_USER_IDS", "`no`", "`yes` keeps user ids off the dashboard"),
    (
        "SHOPSTREAM_DASHBOARD",
        "`http://127.0.0.1:8501`",
        "address of the dashboard to which the documentation of dbt links",
    ),
    ("SHOPSTREAM_OWNER", "`shopstream`", "owner of the tables, named in that documentation"),
    ("SHOPSTREAM_OWNER_EMAIL", "`shopstream@localhost`", "address of the owner, named there, too"),
    (
        "SHOPSTREAM_DAILY_TARGET",
        "none",
        "revenue that a day should bring: a dotted line, and the gap below the cards",
    ),
    ("SHOPSTREAM_FEWEST", "30", "rates of fewer cases are grey on the dashboard"),
    (
        "SHOPSTREAM_ANNOTATIONS",
        "none",
        "a CSV with `date` (2019-10-16) and `words`, drawn on each chart over dates",
    ),
    (
        "SHOPSTREAM_VIEWS",
        "none",
        "a CSV with `name` and `link`: saved views of the dashboard, opened by `/?view=NAME`",
    ),
    (
        "SHOPSTREAM_PUBLISHED",
        "the warehouse",
        "URL of a copy that the dashboard and the report read, such as `s3://bucket/warehouse`",
    ),
    ("SHOPSTREAM_MEMORY", "an eighth of the machine, 1 to 8 GB", "Spark's heap, such as `3g`"),
    ("SHOPSTREAM_CORES", "all", "Spark's threads"),
    ("SHOPSTREAM_JARS", in_project("SHOPSTREAM_JARS"), "Delta's jars, for Spark"),
    ("SHOPSTREAM_MASTER", "`spark://127.0.0.1:7077`", "the master of the cluster"),
    ("SHOPSTREAM_DRIVER_HOST", "`127.0.0.1`", "this machine as the cluster's workers see it"),
    ("SHOPSTREAM_EXECUTOR_MEMORY", "`2g`", "heap of each executor of the cluster"),
    (
        "SHOPSTREAM_REMOTE",
        "`sc://127.0.0.1:15002`",
        "Spark Connect server for dbt by hand; `shopstream server status --address` prints ours",
    ),
    ("SHOPSTREAM_MAVEN", "Maven Central", "mirror from which set-up fetches Delta's jars"),
    ("JAVA_HOME", "`java` on the path", "the Java that runs Spark"),
]
