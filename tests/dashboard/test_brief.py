"""The report of one period on one page: its figures, no script, and as PDF where Chromium is."""

import re
import shutil

import pytest
from click.testing import CliRunner

from dashboard import data, words
from dashboard.brief import UnknownPeriod, brief
from dashboard.periods import stored_periods
from shopstream.people.cli import main
from tests.dashboard.test_pages import HOSTILE, ask


def test_it_has_the_figures_of_its_period(shown, warehouse):
    (revenue,) = ask(
        warehouse,
        """select sum(price) from fct_events where event_type = 'purchase'
        and event_date between '2019-10-14' and '2019-10-20'""",
    )
    html = brief(shown, "Week of 14 Oct 2019")
    assert words.number(float(revenue), "$") in html
    assert html.count('bgcolor="#0072B2"') == 7
    assert "How the store did: Week of 14 Oct 2019" in html


def test_it_needs_no_script_and_fetches_nothing(shown):
    for name in stored_periods(shown):
        html = brief(shown, name)
        assert not re.search(r"<script|<img|<link|https?://|url\(", html)
        assert len(html) < 100_000
        assert html.count("bgcolor=") <= 35


def test_a_period_that_is_not_there_is_told(shown):
    with pytest.raises(UnknownPeriod, match="it has: All dates"):
        brief(shown, "Week of 1 Jan 1900")


def test_names_of_the_data_are_text(shown, monkeypatch):
    hostile = {name: HOSTILE for name in data.products.brand_names(shown)}
    monkeypatch.setattr(data.products, "brand_titles", lambda _: hostile)
    html = brief(shown, "Week of 14 Oct 2019")
    assert "<script>" not in html and "&lt;script&gt;" in html


def run(*options: str):
    return CliRunner().invoke(main, ["report", *options])


def test_the_command_writes_it(shown, tmp_path):
    file = tmp_path / "week.html"
    done = run("--period", "Week of 14 Oct 2019", "--target", str(file))
    assert done.exit_code == 0, done.output
    assert "Week of 14 Oct 2019" in file.read_text()
    done = run("--period", "nonsense", "--target", str(file))
    assert done.exit_code == 1 and "it has: All dates" in done.output


def test_a_pdf_is_one_page(shown, tmp_path):
    file = tmp_path / "week.pdf"
    done = run("--period", "Week of 14 Oct 2019", "--format", "pdf", "--target", str(file))
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        assert done.exit_code == 1 and "needs a browser" in done.output
        return
    assert done.exit_code == 0, done.output
    printed = file.read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_browser_it_says_what_to_do(shown, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    done = run("--format", "pdf", "--period", "All dates", "--target", str(tmp_path / "x.pdf"))
    assert done.exit_code == 1 and "--format html" in done.output
