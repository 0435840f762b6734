"""All pages as one self-contained HTML file, for mail and archive."""

from html import escape

import pandas as pd
from plotly.offline import get_plotlyjs

from dashboard.charts import number, sparkline
from dashboard.components import (
    Block,
    Cards,
    Chart,
    Display,
    Empty,
    Findings,
    Page,
    Table,
    blocks,
    default_view,
    freshness,
    without,
)
from dashboard.data import Build, MissingMart

SHOWN_ROWS = 25
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1f2933; max-width: 1100px; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 3rem 0 1rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .3rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .75rem; }
.card { border: 1px solid #d5dbe1; border-radius: 6px; padding: .6rem .8rem; }
.card b { display: block; font-size: 1.4rem; font-weight: 500; }
.card svg { width: 100%; }
small, .caption { color: #52606d; font-size: .85rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #e4e8ec; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
@media print { h1 { break-before: page; } }
"""


def report(build: Build) -> str:
    """The report of a build: every page with nothing chosen."""
    from dashboard.app import PAGES

    links = " · ".join(f'<a href="#{page.path}">{escape(page.title)}</a>' for page in PAGES)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>shopstream, build {build.build_id}</title><style>{STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>"
        f"<p class=caption>shopstream · {escape(freshness(build))}</p><nav>{links}</nav>"
        + "".join(page_html(page, build) for page in PAGES)
        + "</body></html>"
    )


def page_html(page: Page, build: Build) -> str:
    """One page."""
    title = f'<h1 id="{page.path}">{escape(page.title)}: {escape(page.question)}</h1>'
    try:
        view = default_view(page, build)
    except MissingMart as missing:
        return title + block_html(without(missing))
    return title + "".join(
        block_html(block)
        for row in page.rows
        for section in row
        for block in blocks(section, build, view)
    )


def block_html(block: Block) -> str:
    """One block; all text is escaped."""
    match block:
        case Cards():
            cards = "".join(
                f"<div class=card title='{escape(card.definition, quote=True)}'>"
                f"<small>{escape(card.name)}</small><b>{escape(card.value)}</b>{sparkline(card.trail)}"
                + ("" if card.change is None else f"<small>{card.change:+.1f} %</small>")
                + "</div>"
                for card in block.cards
            )
            return f"<div class=cards>{cards}</div>" + caption(f"{block.against} {block.caption}")
        case Chart():
            figure = block.figure.to_html(
                full_html=False, include_plotlyjs=False, config={"displaylogo": False}
            )
            return f"<h2>{escape(block.title)}</h2>{figure}{caption(block.caption)}"
        case Table():
            return f"<h2>{escape(block.title)}</h2>{table_html(block)}{caption(block.caption)}"
        case Findings():
            sentences = [f"<li>{escape(sentence)}</li>" for sentence, _, _ in block.sentences]
            found = f"<ul>{''.join(sentences)}</ul>" if sentences else caption(block.otherwise)
            return f"<h2>{escape(block.title)}</h2>{found}"
        case Empty():
            return f"<p><b>{escape(block.title)}.</b> {escape(block.words)}</p>"


def table_html(block: Table) -> str:
    """The first rows of a table."""
    head = "".join(f"<th>{escape(words)}</th>" for words, _ in block.columns.values())
    kinds = [kind for _, kind in block.columns.values()]
    rows = [
        "".join(cell(value, kind) for value, kind in zip(row, kinds, strict=True))
        for row in block.rows[list(block.columns)].head(SHOWN_ROWS).itertuples(index=False)
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = len(block.rows) - SHOWN_ROWS
    left = caption(f"{more:,} more rows in the dashboard.") if more > 0 else ""
    return f"<div class=wide><table><tr>{head}</tr>{body}</table></div>{left}"


def cell(value: object, kind: str) -> str:
    """One cell as a column of its kind shows it."""
    if kind == "text":
        return f"<td>{escape(str(value))}</td>"
    if kind == "time":
        return f"<td>{'' if pd.isna(value) else f'{value:%Y-%m-%d %H:%M}'}</td>"
    units = {"percent": "%", "bar": "%", "money": Display.from_environment().sign}
    return f"<td class=n>{escape(number(value, units.get(kind, '')))}</td>"


def caption(words: str) -> str:
    """The grey line."""
    return f"<p class=caption>{escape(words.strip())}</p>" if words.strip() else ""
