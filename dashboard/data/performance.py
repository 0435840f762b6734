"""What builds cost, and what was measured to make them cheaper."""

import pandas as pd

from dashboard.data.marts import Build, cached, query
from shopstream.published import history


def optimizations(build: Build) -> pd.DataFrame:
    """Each variant of an experiment beside "off" under the same conditions, of the commit that ran
    it last with most events; the speed-up goes from its least to its greatest by the runs' spread.
    """
    return query(
        build,
        """with latest as (select * from optimizations where is_latest and events = (
            select max(events) from optimizations))
        select tried.experiment, tried.variant,
            concat_ws(', ', tried.data, if(tried.aqe, 'adaptive', 'not adaptive')) as conditions,
            base.median_seconds as seconds_off, tried.median_seconds as seconds_on, tried.speed_up,
            base.min_seconds / tried.max_seconds as least,
            base.max_seconds / tried.min_seconds as greatest,
            base.shuffle_bytes / 1e6 as shuffle_off, tried.shuffle_bytes / 1e6 as shuffle_on,
            base.bytes_read / 1e6 as read_off, tried.bytes_read / 1e6 as read_on,
            tried.verdict, tried.runs, tried.events, tried.commit
        from latest as tried join latest as base
            on base.commit = tried.commit and base.experiment = tried.experiment
            and base.data = tried.data and base.aqe = tried.aqe and base.is_off
        where not tried.is_off order by tried.experiment, tried.variant, conditions""",
    )


def technical_figures(build: Build) -> pd.DataFrame:
    """What follows from the same experiments as `optimizations` shows."""
    return query(
        build,
        """select kpi as figure, value, unit, evidence, commit from technical_kpis
        where is_latest and events = (select max(events) from optimizations)
        order by evidence, figure""",
    )


def bench_seconds(build: Build) -> pd.DataFrame:
    """Median seconds of each contender at the largest scale, all of the last commit that measured
    shopstream there: code and conditions are the same. `growth` has other input and is left out.
    """
    return query(
        build,
        """with largest as (
            select * from bench_runs where events = (select max(events) from bench_runs)
        ), latest as (
            select arg_max(commit, (starts_with(contender, 'shopstream'), started_at)) as commit
            from largest
        )
        select contender, median(seconds) as seconds, count(*) as runs, max(events) as events,
            concat(count(*), if(count(*) = 1, ' run', ' runs')) as runs_shown, commit
        from largest join latest using (commit) where contender != 'growth'
        group by contender, commit order by seconds desc, contender""",
    )


def bench_ratios(build: Build) -> pd.DataFrame:
    """Each measure of the bench as measured last: at the scale of its target, or at the largest
    where there is no target or nothing was run at its scale."""
    return query(
        build,
        """select what, median, least, greatest, target, verdict, runs, events, commit
        from bench_ratios
        qualify 1 = row_number() over (
            partition by what
            order by coalesce(abs(events / target_events - 1) < 0.05, false) desc,
                events desc, measured_at desc
        )
        order by target is null, what""",
    )


def models_of_last_build(build: Build) -> pd.DataFrame:
    """Seconds, rows and written bytes of each table of the last build, slowest first."""
    return query(
        build,
        """select table_name, seconds, total_rows, bytes_added / 1e6 as megabytes_added,
            total_bytes / 1e6 as megabytes, total_files
        from model_runs where build_id = (select max(build_id) from model_runs)
        order by seconds desc, table_name""",
    )


def build_costs(build: Build) -> pd.DataFrame:
    """What each build cost, in order."""
    return query(build, "select * from builds order by build_id")


@cached()
def table_history(build: Build, mart: str) -> pd.DataFrame:
    """Commits of one mart up to the published version, latest first."""
    rows = [
        {
            "version": commit["version"],
            "at": pd.Timestamp(commit["timestamp"], unit="ms"),
            "operation": commit["operation"],
            "rows_written": _whole(commit, "numOutputRows"),
            "megabytes": (_whole(commit, "numOutputBytes") or 0) / 1e6,
            "files": _whole(commit, "numFiles") or _whole(commit, "numAddedFiles"),
        }
        for commit in history(build.place, build.entry(mart), most=50)
    ]
    return pd.DataFrame(
        rows, columns=["version", "at", "operation", "rows_written", "megabytes", "files"]
    )


def _whole(commit: dict, name: str) -> int | None:
    value = commit.get("operationMetrics", {}).get(name)
    return None if value is None else int(value)
