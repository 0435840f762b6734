"""`shopstream report`: all pages of the dashboard as a file, or one period on one page."""

import os
import shutil
import subprocess
from pathlib import Path

import click

from shopstream.config import Settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@click.command()
@click.option(
    "--target",
    type=click.Path(path_type=Path),
    help="File to write; by default report.html in dbt's target folder.",
)
@click.option(
    "--period",
    help="One page about these dates only, named as in the filter Dates: "
    '"Last 7 days", "Week of 14 Oct 2019", "October 2019".',
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "pdf"]),
    default="html",
    show_default=True,
    help="pdf needs Chromium.",
)
@click.pass_obj
def report(settings: Settings, target: Path | None, period: str | None, form: str) -> None:
    """Write all pages of the dashboard as one file, or one page about a period, for mail."""
    from streamlit.logger import set_log_level

    # Its cache warns where no browser is served.
    set_log_level("ERROR")
    from dashboard.app import PAGES
    from dashboard.brief import UnknownPeriod, brief
    from dashboard.data import read_build
    from dashboard.report import report

    build = read_build(settings.warehouse)
    try:
        html = brief(build, period) if period else report(PAGES, build)
    except UnknownPeriod as error:
        raise click.ClickException(str(error)) from None
    target = target or settings.target / f"report.{form}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if form == "html":
        target.write_text(html)
    else:
        print_to_pdf(html, target)
    click.echo(f"Open {target} in a browser.")


def print_to_pdf(html: str, target: Path) -> None:
    """Print a page with the browser that is here."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        raise click.ClickException(
            f"A PDF needs a browser, and there is none of {', '.join(BROWSERS)} here: install "
            "one (sudo apt install chromium), or take --format html and print that."
        )
    page = target.with_suffix(".print.html")
    page.write_text(html)
    command = [browser, "--headless", "--disable-gpu", "--no-pdf-header-footer"]
    # Chromium refuses its sandbox to root; the page is ours and fetches nothing.
    command += ["--no-sandbox"] if os.geteuid() == 0 else []
    command += ["--virtual-time-budget=20000", f"--print-to-pdf={target.resolve()}"]
    try:
        done = subprocess.run(
            [*command, page.resolve().as_uri()], capture_output=True, text=True, timeout=180
        )
    finally:
        page.unlink()
    if done.returncode or not target.exists():
        said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise click.ClickException(f"{browser} could not print: {said[0]}")
