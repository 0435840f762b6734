"""Blocks as Streamlit shows them. Text from the data is escaped before it is shown."""

from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.blocks import UNMOVED, Block, Cards, Chart, Display, Empty, Findings, Table
from dashboard.charts import sparkline
from dashboard.columns import COLUMNS
from dashboard.filters import act, held_choices
from dashboard.words import as_csv, plain, slug, with_sign

# A table shows so many rows; the others are a scroll away.
SHOWN_ROWS = 12
# They look as the button for the CSV beside them.
PICTURE_BUTTONS = """
<div><button><svg viewBox="0 -960 960 960" aria-hidden="true"><path d="M480-320 280-520l56-58 104
104v-326h80v326l104-104 56 58-200 200ZM240-160q-33 0-56.5-23.5T160-240v-120h80v120h480v-120h80v120q0
33-23.5 56.5T720-160H240Z"/></svg>PNG</button><button>SVG</button></div>
"""
BUTTON_STYLE = """
div { display: flex; gap: 0.6rem; }
button {
  display: flex;
  gap: 0.35rem;
  align-items: center;
  min-height: 2.5rem;
  padding: 0;
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  font-size: 0.875rem;
  cursor: pointer;
}
svg { width: 1.1rem; fill: currentColor; }
button:hover, button:focus-visible { color: var(--st-primary-color); }
"""


def draw(block: Block, links: dict[str, object], definitions: dict[str, str]) -> None:
    """Show one block; `links` are Streamlit's pages by path, `definitions` those of metrics."""
    match block:
        case Cards():
            draw_cards(block)
        case Chart():
            draw_chart(block, definitions)
        case Table():
            draw_table(block)
        case Findings():
            draw_findings(block, links)
        case Empty():
            st.info(f"**{plain(block.title)}.** {plain(block.words)}", icon=":material/info:")


def draw_cards(block: Cards) -> None:
    """Cards, each with its definition, change and small line."""
    tall = "lines" if any(len(card.trail) > 1 for card in block.cards) else "plain"
    tall = f"{tall}_moved" if any(card.moved for card in block.cards) else tall
    with st.container(key=f"cards_{len(block.cards)}_{tall}_{slug(block.cards[0].name)}"):
        for card in block.cards:
            with st.container(border=True, gap="xxsmall"):
                st.metric(
                    plain(card.name),
                    plain(card.value),
                    card.moved,
                    delta_color="off" if card.moved == UNMOVED else "normal",
                    delta_arrow="off" if card.moved == UNMOVED else "auto",
                    help=plain(card.definition) or None,
                )
                if line := sparkline(card.trail):
                    st.html(small_line(line, card.trail_words))
    if block.caption:
        st.caption(plain(block.caption))


def small_line(line: str, words: tuple[str, ...]) -> str:
    """A small line as HTML that Streamlit lets through: a picture below strips with words."""
    coded = b64encode(line.encode()).decode()
    strips = "".join(f'<span title="{escape(each)}"></span>' for each in words)
    return f'<div class="line"><img src="data:image/svg+xml;base64,{coded}" alt="">{strips}</div>'


def draw_chart(block: Chart, definitions: dict[str, str]) -> None:
    """A chart under its title, which explains its metric; a click sets the filter it names."""
    # A bar that was clicked stays lit in the widget: another choice makes another widget.
    chosen = st.session_state.get(block.sets, "") if block.sets else ""
    key = f"chart_{slug(f'{block.title} {chosen}')}"
    explained = plain(definitions.get(block.metric, "")) or None
    with st.container(key=f"box_{slug(block.title)}"):
        st.header(plain(block.title), anchor=False, help=explained)
        st.plotly_chart(
            block.figure,
            key=key,
            on_select=(lambda: take_click(key, block.sets)) if block.sets else "ignore",
            selection_mode="points",
            config={"displayModeBar": False},
            alt=f"{block.title}. {block.caption}",
        )
        with foot(block.caption, block.rows, slug(block.title)):
            picture()(key=f"picture_{slug(block.title)}", data={"name": slug(block.title)})


def take_click(key: str, name: str) -> None:
    """Set a filter to the name that was clicked in a chart: a tile's id, or a mark's own data."""
    for point in st.session_state[key].selection.points[:1]:
        given = point.get("customdata") or {"0": point.get("id")}
        clicked = given[0] if isinstance(given, list) else given["0"]
        if clicked:
            st.session_state[name] = clicked
            act()


@st.cache_resource(show_spinner=False)
def picture():
    """The buttons that save a chart with its title and caption, as picture.js does it."""
    return st.components.v2.component(
        "shopstream_picture",
        html=PICTURE_BUTTONS,
        css=BUTTON_STYLE,
        js=Path(__file__).with_name("picture.js").read_text(),
    )


def draw_table(block: Table) -> None:
    """A table under its title."""
    st.header(plain(block.title), anchor=False)
    if block.rows.empty:
        st.caption(f"There is nothing to list. {plain(block.caption)}")
        return
    shown = block.rows[list(block.columns)]
    height = 66 if any(COLUMNS[name][1] == "long" for name in shown) else 35
    key = f"table_{slug(block.title)}"
    st.dataframe(
        shown,
        key=key,
        on_select=(lambda: open_row(key, block)) if block.opens else "ignore",
        selection_mode="single-row",
        hide_index=True,
        column_config={name: column(name) for name in shown},
        height=height * min(len(shown), SHOWN_ROWS) + 38,
        row_height=height,
        placeholder="–",
        alt=block.title,
    )
    more = (
        f" {SHOWN_ROWS} of {len(shown)} rows; scroll for more." if len(shown) > SHOWN_ROWS else ""
    )
    foot(block.caption + more, block.all_rows or block.rows, slug(block.title))


def open_row(key: str, block: Table) -> None:
    """Open the part of the page that shows the row that was clicked."""
    for place in st.session_state[key].selection.rows[:1]:
        st.session_state[block.sets] = str(block.rows["item"].iloc[place])
        st.session_state["part"] = block.opens
        act()


def column(name: str):
    """How a column of a table is shown."""
    words, kind = COLUMNS[name]
    match kind:
        case "text":
            return st.column_config.TextColumn(words)
        case "long":
            return st.column_config.TextColumn(words, width="large")
        case "figure":
            return st.column_config.TextColumn(words, alignment="right")
        case "exact":
            # As wide as a long number: the grid looks at the first rows only, and cuts others.
            return st.column_config.TextColumn(words, alignment="right", width=130)
        case "number":
            return st.column_config.NumberColumn(words, format="localized")
        case "decimal":
            return st.column_config.NumberColumn(words, format="%.2f")
        case "money":
            words = with_sign(words, Display.from_environment().sign)
            return st.column_config.NumberColumn(words, format="accounting")
        case "percent":
            return st.column_config.NumberColumn(words, format="%.1f %%")
        case "bar":
            return st.column_config.ProgressColumn(
                words, format="%.2f %%", min_value=0, max_value=100
            )
        case "time":
            return st.column_config.DatetimeColumn(words, format="D MMM YYYY, HH:mm")
    raise ValueError(kind)


def draw_findings(block: Findings, links: dict[str, object]) -> None:
    """Sentences, each with a link to the part of a page that shows it."""
    st.header(plain(block.title), anchor=False)
    if not block.sentences:
        st.caption(plain(block.otherwise))
    with st.container(key="findings", gap="xsmall"):
        for sentence, path, chart, chosen in block.sentences:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(plain(sentence), width="content")
                if path in links:
                    name = f"show “{plain(chart)}”"
                    st.page_link(links[path], label=name, query_params=held_choices() | chosen)


def foot(caption: str, rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str):
    """The grey line below a chart or table with its rows as CSV; gives the place behind that."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"foot_{name}"
    ):
        st.caption(plain(caption), width="stretch")
        place = st.container(horizontal=True, width="content", gap="xsmall")
        place.download_button(
            "CSV",
            lambda: as_csv(rows() if callable(rows) else rows),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv_{name}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            help=f"Rows of “{name.replace('-', ' ')}”",
        )
    return place
