"""`python -m bench`: measure the build; `python -m bench lab`: try each optimization alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from shopstream.config import Settings, check_engine
from shopstream.people.plain_errors import PlainErrors, prepare

# What the two write, and no build does.
MEASURED = {
    f"shopstream_performance.{name}"
    for name in ("bench_runs", "bench_ratios", "optimizations", "technical_kpis")
}
options = [
    click.option("--events", default=250_000, help="Events per 31 days of the generated input."),
    click.option(
        "--home",
        type=click.Path(path_type=Path),
        help="Folder to work in; bench beside the warehouse if none.",
    ),
    click.option(
        "--publish/--no-publish", default=True, help="Write the results to the warehouse."
    ),
    click.option(
        "--report",
        "only_report",
        is_flag=True,
        help="Run and write nothing, only show.",
    ),
]


def with_options(command):
    """Give a command the options that both have."""
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=PlainErrors, invoke_without_command=True)
@with_options
@click.option("--runs", default=3, help="How often each contender runs.")
@click.option("--contenders", help="Their names with commas; all that are not marked + by default.")
@click.option("--list", "only_list", is_flag=True, help="Show what each contender does.")
@click.pass_context
def main(
    context: click.Context,
    events: int,
    home: Path | None,
    publish: bool,
    only_report: bool,
    runs: int,
    contenders: str | None,
    only_list: bool,
) -> None:
    """Measure the build against what people would pick instead, on generated data.

    A bench that was stopped goes on where it was; finished runs are not run again.
    """
    settings = prepare(context)
    if context.invoked_subcommand:
        return
    from bench import results, run
    from bench.contenders import BY_NAME, CONTENDERS

    if only_list:
        for contender in CONTENDERS:
            click.echo(f"{'' if contender.by_default else '+'}{contender.name:18}{contender.does}")
        return
    names = chosen(contenders)
    home = place_of(settings, home)
    commit, failed = run.code_version(), []
    if not only_report:
        check_engine(on_spark=any(BY_NAME[name].uses_spark for name in names))
        commit, failed = run.bench(home, events, runs, names)
    unequal = run.report(home, commit, events)
    if publish and not only_report:
        with writing_beside_builds(settings):
            results.publish(settings.warehouse, results.read_runs(home / "results.jsonl"))
    end(failed, also=bool(unequal))


@main.command()
@with_options
@click.option("--runs", default=5, help="How often each variant runs, after one to warm up.")
@click.option("--only", help="Only experiments with this in their name.")
@click.pass_obj
def lab(
    settings: Settings,
    events: int,
    home: Path | None,
    publish: bool,
    only_report: bool,
    runs: int,
    only: str | None,
) -> None:
    """Try each optimization alone, off and on, and judge it by what was measured."""
    from bench import run, run_lab

    home = place_of(settings, home)
    commit, failed = run.code_version(), []
    if not only_report:
        check_engine(on_spark=True)
        commit, failed = run_lab.run(home, events, runs, only)
    run_lab.report(home, commit, events)
    if publish and not only_report:
        with writing_beside_builds(settings):
            run_lab.publish(settings.warehouse, home)
    end(failed)


def chosen(contenders: str | None) -> list[str]:
    """The contenders that are named, or all that run by default."""
    from bench.contenders import BY_NAME, CONTENDERS

    if not contenders:
        return [contender.name for contender in CONTENDERS if contender.by_default]
    names = contenders.split(",")
    if unknown := set(names) - set(BY_NAME):
        raise click.UsageError(f"no such contender: {', '.join(sorted(unknown))}; see --list")
    return names


def place_of(settings: Settings, home: Path | None) -> Path:
    """The folder to work in."""
    return (home or settings.warehouse.parent / "bench").resolve()


@contextmanager
def writing_beside_builds(settings: Settings) -> Iterator[None]:
    """Hold the warehouse; what is written meanwhile is published where all else is."""
    from shopstream.warehouse.lock import warehouse_lock
    from shopstream.warehouse.maintenance import staying_published

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse), staying_published(settings.warehouse, MEASURED):
        yield


def end(failed: list[str], *, also: bool = False) -> None:
    """Say what failed, and end with 1 where anything did."""
    for message in failed:
        click.echo(f"shopstream: {message}", err=True)
    sys.exit(1 if failed or also else 0)


if __name__ == "__main__":
    main()
