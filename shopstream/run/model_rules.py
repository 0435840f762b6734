"""The cleaning rules of the models on rows of work copies, without dbt and without a warehouse.

The models of staging are rendered as they stand and run on Sail, so no rule is written down twice:
`shopstream inspect` judges rows as a build does.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pyarrow as pa
import pyarrow.parquet as pq

from shopstream.config import PROJECT, SAIL_LIMITS, rules
from shopstream.errors import BuildError
from shopstream.intake.sources import Source

# Of a work copy, read by a description, an Arrow table of `stg_classified_rows` of its rows: fate
# (`in_window`, `out_of_window`, `quarantined`), reason and cleaned values.
Judge = Callable[[Path, Source], pa.Table]
STAGING = PROJECT / "models" / "staging"
# Each reads those before it.
MODELS = ("stg_landed_rows", "stg_typed_rows", "stg_classified_rows")


@contextmanager
def judging() -> Iterator[Judge]:
    """Yields a judge; the first call starts its engine, which serves all."""
    with ExitStack() as opened:
        session = cache(lambda: opened.enter_context(_sail()))
        yield lambda copy, source: _judged(session(), copy, source)


@contextmanager
def _sail() -> Iterator:
    """A session of a Sail within this process."""
    for name, value in {**SAIL_LIMITS, "RUST_LOG": "off"}.items():
        os.environ.setdefault(name, value)
    from pysail.spark import SparkConnectServer
    from pyspark.sql.connect.session import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://{address}:{port}").create()
    try:
        session.conf.set("spark.sql.session.timeZone", "UTC")
        yield session
    finally:
        session.stop()
        server.stop()


def _judged(session, copy: Path, source: Source) -> pa.Table:
    keys = pq.read_table(copy, columns=["file_key"])["file_key"]
    rows = session.read.parquet(str(copy)).selectExpr("*", "cast(null as boolean) as is_erased")
    rows.createOrReplaceTempView("landed_rows")
    window = {"window_start": source.window_start, "window_end": source.window_end}
    bounds = ", ".join(f"cast({_date(bound)} as date) as {name}" for name, bound in window.items())
    landed = session.sql(f"select cast({keys[0]} as bigint) as file_key, {bounds}")
    landed.createOrReplaceTempView("landed_files")
    for name in MODELS:
        session.sql(rendered(name)).createOrReplaceTempView(name)
    judged = session.table(MODELS[-1]).toArrow()
    if len(judged) != len(keys):
        raise BuildError(f"the engine judged {len(judged):,} of {len(keys):,} rows: run it again")
    return judged


def _date(bound: date | None) -> str:
    return f"'{bound}'" if bound else "null"


class _Returned(Exception):
    """What a macro of dbt gives by `return`, from however deep in it."""


def _return(value: object) -> None:
    raise _Returned(value)


def _of_dbt(macro: Callable) -> Callable:
    """A macro that gives what it returns as dbt has it, else its text."""

    def call(*values: object, **named: object) -> object:
        try:
            return macro(*values, **named)
        except _Returned as returned:
            return returned.args[0]

    return call


@cache
def rendered(name: str) -> str:
    """The SQL of a model of staging as Sail gets it; what it reads is known by its bare name."""
    environment, known = _project()
    return environment.from_string((STAGING / f"{name}.sql").read_text(), known).render()


@cache
def _project() -> tuple[jinja2.Environment, dict]:
    """What a model is rendered with: the macros of the project, and what dbt gives."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    known = {
        "var": lambda name: rules()[name],
        "ref": lambda name: name,
        "source": lambda _, name: name,
        "return": _return,
        "adapter": SimpleNamespace(dispatch=lambda name, _: known[f"sail__{name}"]),
        "execute": False,
    }
    for path in sorted((PROJECT / "macros").glob("*.sql")):
        for node in environment.parse(path.read_text()).find_all(jinja2.nodes.Macro):
            # Each by itself, so that it finds the others as they are wrapped here.
            alone = environment.from_string(jinja2.nodes.Template([node], lineno=1), known)
            known[node.name] = _of_dbt(getattr(alone.module, node.name))
    return environment, known
