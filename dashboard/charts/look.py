"""The one look of all charts: colours, margins, legend, and a chart of nothing.

Colours are Okabe and Ito's, told apart by colour-blind people too, and the same on light and dark
ground.
"""

import html
import itertools
import math

import pandas as pd
import plotly.graph_objects as go

from dashboard.words import label

ACCENT, SECOND, WARNING, QUIET = "#0072B2", "#E69F00", "#D55E00", "#8A949E"
PALETTE = [ACCENT, SECOND, "#009E73", "#CC79A7", "#56B4E9", WARNING]
# What bars are held against: the period before, the mean of some days.
HELD_AGAINST = "#CC79A7"
EVENT_COLOURS = {"view": "#56B4E9", "cart": "#E69F00", "purchase": "#009E73", "unknown": QUIET}
FATE_COLOURS = {
    "accepted": "#0072B2",
    "duplicate": "#56B4E9",
    "out_of_window": "#E69F00",
    "quarantined": "#D55E00",
    "erased": QUIET,
}
OUTCOME_COLOURS = {
    "same_session": "#009E73",
    "later": "#56B4E9",
    "removed": "#E69F00",
    "abandoned": "#D55E00",
    "undecided": QUIET,
}
# Cells with text in them are dark enough for white on either ground.
WRITTEN = [[0, "#5B6F7B"], [1, "#00619C"]]
# Ordered, and see-through at its low end, so that it fits light and dark ground.
HEAT = [[0, "rgba(0,114,178,0.06)"], [1, "rgba(0,114,178,0.75)"]]
TALL, LOW = 360, 300
# No bar is wider than this part of a chart that is as wide as the page, some 120 px, nor than this
# part of its own place.
WIDEST, OF_ITS_PLACE = 0.09, 0.72
# Marks a figure over dates, which can have notes.
DATED = "dates"
# How many days each bar of a grain holds.
DAYS_OF = {
    "day": lambda _: 1,
    "week": lambda _: 7,
    "month": lambda start: start.days_in_month,
}
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def finish(figure: go.Figure, height: int = LOW) -> go.Figure:
    """Give a figure the common look."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
        separators=".,",
        showlegend=False,
        hoverlabel={"align": "left"},
        dragmode=False,
        bargap=0.28,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(automargin=True, fixedrange=True, zeroline=False, title_standoff=14)
    figure.update_yaxes(automargin=True, fixedrange=True, zeroline=False, title_standoff=14)
    return figure


def hovered(axis: str, unit: str = "") -> str:
    """The value of an axis on hover, whole and in its unit: a currency's sign, % or none."""
    if unit == "%":
        return f"%{{{axis}:,.1f}} %"
    digits = ".2f" if unit else ".12~g"
    return f"{html.escape(unit)}%{{{axis}:,{digits}}}"


def colours_of(names: list[str]) -> dict[str, str]:
    """A colour for each of all names, so that one keeps it where others are not shown."""
    return dict(zip(names, itertools.cycle(PALETTE), strict=False))


def strength(whole: list[bool] | None) -> list[float] | None:
    """How strong bars are drawn: pale where a period is only partly there."""
    return None if whole is None else [1 if each else 0.45 for each in whole]


def legend_above(figure: go.Figure) -> go.Figure:
    """Show the legend in one row above the plot, where direct labels fail."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        margin_t=40,
    )
    return figure


def nothing(words: str = "There is nothing to show for this choice.") -> go.Figure:
    """An empty figure that says so."""
    figure = finish(go.Figure(), 160)
    figure.add_annotation(text=html.escape(words), showarrow=False, font_size=14)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def date_ticks(figure: go.Figure, dates: pd.Series) -> None:
    """Label dates that are few or whole weeks or months apart where they are, not between them."""
    figure.update_layout(meta=DATED)
    if by_hours(dates):
        figure.update_xaxes(showgrid=False, tickvals=dates.iloc[::3].tolist(), tickformat="%H:%M")
        return
    far = len(dates) > 1 and dates.diff().min() >= pd.Timedelta(days=7)
    months = len(dates) > 1 and bool((dates.dt.day == 1).all())
    figure.update_xaxes(
        showgrid=False, nticks=8, tickformat="%b %Y" if far and months else "%-d %b", tickvals=None
    )
    if far or len(dates) <= 7:
        figure.update_xaxes(tickvals=dates.iloc[:: -(-len(dates) // 7)].tolist())


def note(figure: go.Figure, notes: pd.DataFrame) -> None:
    """Draw notes of dates (`date`, `words`) on a figure over dates that has these dates."""
    if figure.layout.meta != DATED:
        return
    drawn = pd.to_datetime(pd.Series([at for trace in figure.data for at in trace.x]))
    for each in notes.itertuples():
        if drawn.min() <= each.date <= drawn.max():
            figure.add_vline(x=each.date, line={"color": QUIET, "dash": "dash", "width": 1.5})
            figure.add_annotation(
                x=each.date,
                y=1,
                yref="paper",
                yanchor="bottom",
                showarrow=False,
                text=label(each.words, 24),
                hovertext=label(each.words, 200),
                font_size=11,
            )
            figure.update_layout(margin_t=max(figure.layout.margin.t, 28))


def by_hours(dates: pd.Series) -> bool:
    """Whether these are hours, not dates."""
    return len(dates) > 1 and dates.diff().min() < pd.Timedelta(days=1)


def width(bars: int) -> float | None:
    """How wide each of so many bars is, of the place it has; None where no limit is needed."""
    widest = WIDEST * bars
    return widest if widest < OF_ITS_PLACE else None


def narrow(figure: go.Figure, dates: pd.Series) -> None:
    """Keep few bars over dates narrow."""
    part = width(len(dates))
    if part is None:
        return
    step = dates.diff().min() if len(dates) > 1 else pd.Timedelta(days=1)
    figure.update_traces(width=part * step.total_seconds() * 1000, selector={"type": "bar"})
    # Two or three would else be drawn up to the edges of the chart.
    figure.update_xaxes(range=[dates.min() - step / 2, dates.max() + step / 2])


def days_apart(figure: go.Figure, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Label every day of so few days once: by itself plotly labels each several times a day."""
    if (last - first).days < 8:
        figure.update_xaxes(dtick=86400000, tick0=first.normalize(), tickformat="%-d %b")


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, 1-2-5 in each power of ten, or 1 alone over many of them."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1,)):
        found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        shown = [each for each in found if low <= each <= high]
        if len(shown) <= 9:
            break
    return shown


def ticks(most: float) -> str:
    """The format of an axis: 20k where numbers are large, 0.5 where they are small."""
    return "~s" if most >= 1000 else "~g"
