"""The core marts, built as users build them, against an independent computation and a rebuild."""

import pytest
import yaml

from tests import oracle
from tests.helpers.compare import differences
from tests.helpers.warehouse import PROJECT
from tests.helpers.warm import WarmWarehouse


def test_the_next_days_file_gives_what_the_independent_computation_gives(daily):
    assert daily.differences_from_oracle() == {}


@pytest.fixture(scope="module")
def anew(session, daily) -> WarmWarehouse:
    """The sample and its next day, built from nothing."""
    session.start(sorted(daily.landing.iterdir()))
    session.build(all_marts=True)
    return session


def test_a_daily_load_equals_a_build_from_nothing(daily, anew):
    held = {name: mart.to_pyarrow_table() for name, mart in daily.marts().items()}
    built = anew.marts()
    assert set(held) - set(built) == {"builds", "model_runs", "test_results"}
    assert differences(built, {name: held[name] for name in built}) == {}


def test_columns_have_the_types_of_the_contract(daily):
    for name, columns in oracle.CONTRACT_COLUMNS.items():
        held = daily.column_types(name)
        assert {column: held.get(column) for column in columns} == columns, name


def test_a_build_with_nothing_new_changes_nothing(daily):
    before = {name: daily.table(name) for name in oracle.KEYS}
    assert "Nothing new to load" in daily.build("--core", "--no-tests")
    for name, key in oracle.KEYS.items():
        assert oracle.differences(before[name], daily.table(name), key) is None, name


def test_real_rows_give_what_the_independent_computation_gives(real):
    assert real.differences_from_oracle() == {}


@pytest.mark.parametrize(
    "rules",
    [
        oracle.Rules(session_timeout_minutes=1),
        oracle.Rules(session_source="inactivity"),
        oracle.Rules(window_start=None, window_end=None, event_time_default="2019-10-01 00:00:00"),
    ],
    ids=["one-minute timeout", "inactivity", "no window, default time"],
)
def test_real_rows_by_other_rules_do_too(real_rows, session, rules):
    session.start(real_rows.glob("*.csv"))
    session.build(**_variables(rules))
    assert session.differences_from_oracle(rules) == {}


def _variables(rules: oracle.Rules) -> dict:
    """The dbt vars that set the same rules."""
    defaults = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["null_defaults"]
    return {
        "window_start": rules.window_start and str(rules.window_start),
        "window_end": rules.window_end and str(rules.window_end),
        "session_timeout_minutes": rules.session_timeout_minutes,
        "session_source": rules.session_source,
        "null_defaults": {**defaults, "event_time": rules.event_time_default},
    }
