"""All pages as one self-contained HTML file, for mail and archive."""

from html import escape

import pandas as pd
from plotly.offline import get_plotlyjs

from dashboard.blocks import Block, Cards, Chart, Display, Empty, Findings, Page, Part, Table
from dashboard.charts import sparkline
from dashboard.columns import COLUMNS
from dashboard.data import Build
from dashboard.filters import default_view
from dashboard.sections import blocks, freshness, instead, notes
from dashboard.words import number

SHOWN_ROWS = 25
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1f2933; max-width: 1100px; margin: 2rem auto;
  padding: 0 1rem; }
.page { margin: 3rem 0 0; text-transform: uppercase; letter-spacing: .05em; color: #52606d; }
h1 { font-size: 1.6rem; margin: 1rem 0; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .3rem; }
.cards { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(max(22%, 150px), 1fr)); }
.card { border: 1px solid #d5dbe1; border-radius: 6px; padding: .6rem .8rem; }
.card b { display: block; font-size: 1.4rem; font-weight: 500; }
.card svg { width: 100%; }
small, .caption { color: #52606d; font-size: .85rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #e4e8ec; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
@media print {
  @page { size: A4; margin: 12mm; } body { zoom: .62; margin: 0; max-width: none; }
  .page { break-before: page; } nav + .page { break-before: auto; }
  .block, .card, tr { break-inside: avoid; } h1, h2 { break-after: avoid; }
}
"""


def report(pages: tuple[Page, ...], build: Build) -> str:
    """The report of a build: all parts of every page, with nothing chosen."""
    links = " · ".join(f'<a href="#{page.path}">{escape(page.title)}</a>' for page in pages)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>shopstream, build {build.build_id}</title><style>{STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>"
        f"<p class=caption>shopstream · {escape(freshness(build))}</p><nav>{links}</nav>"
        + "".join(map(block_html, notes(build)))
        + "".join(page_html(page, build) for page in pages)
        + "</body></html>"
    )


def page_html(page: Page, build: Build) -> str:
    """One page with all of its parts."""
    title = f'<p class=page id="{page.path}">{escape(page.title)}</p>'
    return title + "".join(part_html(part, build) for part in page.parts)


def part_html(part: Part, build: Build) -> str:
    """One part of a page."""
    title = f"<h1>{escape(part.question)}</h1>"
    try:
        view = default_view(part, build)
    except Exception as error:
        return title + block_html(instead(error, part.name, "The rest holds; see the log."))
    return title + "".join(
        f"<div class=block>{block_html(block)}</div>"
        for section in part.sections
        for block in blocks(section, build, view)
    )


def block_html(block: Block) -> str:
    """One block; all text is escaped."""
    match block:
        case Cards():
            cards = "".join(
                f"<div class=card title='{escape(card.definition, quote=True)}'>"
                f"<small>{escape(card.name)}</small><b>{escape(card.value)}</b>"
                + sparkline(card.trail, card.trail_words)
                + (f"<small>{card.moved}</small>" if card.moved else "")
                + "</div>"
                for card in block.cards
            )
            return f"<div class=cards>{cards}</div>" + caption(block.caption)
        case Chart():
            figure = block.figure.to_html(
                full_html=False, include_plotlyjs=False, config={"displayModeBar": False}
            )
            alt = escape(f"{block.title}. {block.caption}", quote=True)
            figure = f'<div role="img" aria-label="{alt}">{figure}</div>'
            return f"<h2>{escape(block.title)}</h2>{figure}{caption(block.caption)}"
        case Table() if block.rows.empty:
            words = f"There is nothing to list. {block.caption}"
            return f"<h2>{escape(block.title)}</h2>{caption(words)}"
        case Table():
            return f"<h2>{escape(block.title)}</h2>{table_html(block)}{caption(block.caption)}"
        case Findings():
            sentences = [
                f"<li>{escape(sentence)}"
                + (f' <a href="#{path}">show</a></li>' if path else "</li>")
                for sentence, path, *_ in block.sentences
            ]
            found = f"<ul>{''.join(sentences)}</ul>" if sentences else caption(block.otherwise)
            return f"<h2>{escape(block.title)}</h2>{found}"
        case Empty():
            return f"<p><b>{escape(block.title)}.</b> {escape(block.words)}</p>"


def table_html(block: Table) -> str:
    """The first rows of a table."""
    head = "".join(f"<th>{escape(COLUMNS[name][0])}</th>" for name in block.columns)
    kinds = [COLUMNS[name][1] for name in block.columns]
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
    if kind in {"text", "long"}:
        return f"<td>{'' if pd.isna(value) else escape(str(value))}</td>"
    if kind == "time":
        return f"<td>{'' if pd.isna(value) else f'{value:%-d %b %Y, %H:%M}'}</td>"
    if kind in {"figure", "exact"}:
        return f"<td class=n>{'–' if pd.isna(value) else escape(str(value))}</td>"
    units = {"percent": "%", "bar": "%", "money": Display.from_environment().sign}
    return f"<td class=n>{escape(number(value, units.get(kind, '')))}</td>"


def caption(words: str) -> str:
    """The grey line."""
    return f"<p class=caption>{escape(words.strip())}</p>" if words.strip() else ""
