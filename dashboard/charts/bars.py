"""Charts of bars: ranked, side by side, upright, stacked, and the funnel."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.look import (
    ACCENT,
    EVENT_COLOURS,
    LOW,
    QUIET,
    SECOND,
    WARNING,
    finish,
    hovered,
    legend_above,
    nothing,
    strength,
    ticks,
    width,
)
from dashboard.words import folded, label, number, whole_names


def bars(
    frame: pd.DataFrame,
    names: str,
    values: str,
    *,
    unit: str = "",
    extra: str = "",
    most: int = 12,
    gives: str = "",
) -> go.Figure:
    """Horizontal bars, largest on top as given, with their values beside them.

    `extra` is a column of words shown behind the value. A click gives the column `gives`, the whole
    name if none.
    """
    if frame.empty:
        return nothing()
    shown = frame.head(most)
    places = list(range(len(shown)))
    texts = [number(value, unit) for value in shown[values]]
    if extra:
        texts = [f"{text} · {label(more)}" for text, more in zip(texts, shown[extra], strict=True)]
    figure = go.Figure(
        go.Bar(
            x=shown[values],
            y=places,
            width=width(len(shown)),
            orientation="h",
            marker_color=ACCENT,
            text=texts,
            textposition="outside",
            cliponaxis=False,
            customdata=[[str(name)] for name in shown[gives or names]],
            hovertext=whole_names(shown[names]),
            hovertemplate=f"%{{hovertext}}<br>{hovered('x', unit)}<extra></extra>",
        )
    )
    top = max(float(shown[values].max()), 0.0)
    figure.update_xaxes(visible=False, range=[0, (top or 1) * (1.8 if extra else 1.35)])
    figure.update_yaxes(
        tickvals=places,
        ticktext=[label(name, 26) for name in shown[names]],
        autorange="reversed",
        showgrid=False,
    )
    return finish(figure, max(LOW, 30 * len(shown) + 30) if len(shown) > 8 else LOW)


def changes(frame: pd.DataFrame, names: str, values: str, unit: str) -> go.Figure:
    """Gains to the right and losses to the left of nothing, each with its sign."""
    if frame.empty:
        return nothing()
    places = list(range(len(frame)))
    gains = frame[values] >= 0
    signs = gains.map({True: "+", False: ""})
    figure = go.Figure(
        go.Bar(
            x=frame[values],
            y=places,
            width=0.5,
            orientation="h",
            marker_color=[ACCENT if gain else WARNING for gain in gains],
            text=[sign + number(v, unit) for sign, v in zip(signs, frame[values], strict=True)],
            textposition="outside",
            cliponaxis=False,
            hovertext=whole_names(frame[names]),
            hovertemplate=f"%{{hovertext}}: {hovered('x', unit)}<extra></extra>",
        )
    )
    low, high = (max(0.0, float(side)) for side in (-frame[values].min(), frame[values].max()))
    # Beside a bar its label has room, also on a phone.
    room = 0.6 * (low + high) or 1.0
    low, high = (side + room if side else room / 12 for side in (low, high))
    figure.update_xaxes(visible=False, range=[-low, high])
    written = [label(name) for name in frame[names]]
    figure.update_yaxes(tickvals=places, ticktext=written, autorange="reversed", showgrid=False)
    return finish(figure, 46 * len(frame) + 40)


def percent(value: float) -> str:
    """A percentage in words."""
    return number(value, "%")


def side_by_side(
    frame: pd.DataFrame,
    names: str,
    columns: dict[str, str],
    write: Callable[[float], str] = percent,
    details: str = "",
    unit: str = "%",
) -> go.Figure:
    """Two or three values for each name, side by side; `columns` maps column to words. `details`
    is a column of words below each name."""
    if frame.empty:
        return nothing()
    written = [label(name, 24) for name in frame[names]]
    if details:
        pairs = zip(frame[names], frame[details], strict=True)
        written = [f"{label(name, 30)}<br>{label(more, 30)}" for name, more in pairs]
    places = list(range(len(frame)))
    figure = go.Figure()
    for (column, words), colour in zip(columns.items(), [QUIET, ACCENT, SECOND], strict=False):
        figure.add_bar(
            x=frame[column],
            y=places,
            name=words,
            orientation="h",
            marker_color=colour,
            text=[write(value) for value in frame[column]],
            textposition="outside",
            cliponaxis=False,
            hovertext=whole_names(frame[names]),
            hovertemplate=f"%{{hovertext}}: {hovered('x', unit)}<extra>{words}</extra>",
        )
    top = float(frame[list(columns)].max().max() or 1)
    figure.update_xaxes(visible=False, range=[0, top * 1.25])
    figure.update_yaxes(tickvals=places, ticktext=written, autorange="reversed")
    return legend_above(finish(figure, max(LOW, 46 * len(frame) + 60)))


def columns(
    frame: pd.DataFrame,
    names: str,
    values: str,
    *,
    words: str,
    unit: str = "",
    axis: str = "",
    colour: str = ACCENT,
    whole: list[bool] | None = None,
    of: str = "",
    fewest: float = 0,
) -> go.Figure:
    """Upright bars in the order given, with their values on top where they are few; a pale bar is
    a period that is only partly in the data. `of` is a column that says over how many a rate is
    counted: below `fewest` its bar is grey."""
    if frame.empty:
        return nothing()
    few = len(frame) <= 8
    texts = [number(value, unit) for value in frame[values]] if few else None
    hover = f"%{{x}}<br>{hovered('y', unit)}"
    if of:
        counts = [f"n {number(count)}" for count in frame[of]]
        texts = texts and [f"{text}<br>{n}" for text, n in zip(texts, counts, strict=True)]
        hover += "<br>%{customdata}"
        colour = [colour if count >= fewest else QUIET for count in frame[of]]
    figure = go.Figure(
        go.Bar(
            x=[folded(name) for name in frame[names]],
            y=frame[values],
            width=width(len(frame)),
            marker_color=colour,
            marker_opacity=strength(whole),
            text=texts,
            textposition="outside",
            cliponaxis=False,
            customdata=counts if of else None,
            hovertemplate=f"{hover}<extra></extra>",
        )
    )
    top = float(frame[values].max() or 0) or 1
    figure.update_xaxes(
        type="category", title_text=axis or None, showgrid=False, tickangle=0 if few else None
    )
    figure.update_yaxes(
        title_text=words, range=[0, top * (1.25 if of else 1.15)], tickformat=ticks(top), nticks=6
    )
    return finish(figure)


def stacked(
    frame: pd.DataFrame, names: str, parts: dict[str, str], whole: str, *, words: str
) -> go.Figure:
    """Parts of each name on one bar, as percent of its column `whole`; `parts` gives columns and
    their colours."""
    if frame.empty:
        return nothing()
    total = frame[whole].replace(0, float("nan"))
    places = list(range(len(frame)))
    figure = go.Figure()
    for part, colour in parts.items():
        name = part.replace("_", " ")
        figure.add_bar(
            y=places,
            x=100 * frame[part] / total,
            name=name,
            orientation="h",
            marker_color=colour,
            customdata=frame[[part]],
            hovertext=whole_names(frame[names]),
            hovertemplate="%{hovertext}: %{customdata[0]:,.0f}, %{x:.3f} %<extra>"
            + name
            + "</extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title_text=words, ticksuffix=" %", nticks=6)
    written = [label(each) for each in frame[names]]
    figure.update_yaxes(tickvals=places, ticktext=written, autorange="reversed", showgrid=False)
    return legend_above(finish(figure, max(200, 26 * len(frame) + 120)))


def funnel(steps: dict[str, float], notes: list[str], beside: dict[str, float]) -> go.Figure:
    """Steps as bars from the widest to the narrowest, each with its number and a note; below them
    in grey what is `beside` them, in no step."""
    if not steps or not any(steps.values()):
        return nothing()
    steps, notes = {**steps, **beside}, [*notes, *[""] * len(beside)]
    names = list(steps)
    places = list(range(len(names)))
    colours = [*(EVENT_COLOURS[name] for name in ("view", "cart", "purchase")), QUIET]
    figure = go.Figure(
        go.Bar(
            x=list(steps.values()),
            y=places,
            orientation="h",
            marker_color=colours[: len(names)],
            text=[
                f"{number(value)}{'  ·  ' + note if note else ''}"
                for value, note in zip(steps.values(), notes, strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertext=names,
            hovertemplate="%{hovertext}: %{x:,.0f}<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, max(steps.values()) * 1.4])
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", showgrid=False)
    return finish(figure, 260)
