"""Charts over time and over a range: lines, bars by date, bands, the concentration curve."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.look import (
    ACCENT,
    HELD_AGAINST,
    PALETTE,
    QUIET,
    TALL,
    WARNING,
    by_hours,
    date_ticks,
    days_apart,
    finish,
    hovered,
    legend_above,
    narrow,
    nothing,
    strength,
    ticks,
)
from dashboard.words import whole_names


def by_period(
    frame: pd.DataFrame,
    at: str,
    values: str,
    *,
    words: str,
    colour: str = ACCENT,
    whole: list[bool] | None = None,
    before: pd.DataFrame | None = None,
    average: str = "",
    marked: pd.DataFrame | None = None,
    unit: str = "",
) -> go.Figure:
    """Bars over days, weeks or months; a pale bar is a period that is only partly in the data.

    `before` has the same columns for the period before, drawn as a line from the same start.
    `average` names a column drawn as a line. `marked` has dates (`at`) and `words` of anomalies:
    each is a band and a marked point.
    """
    if frame.empty:
        return nothing()
    hover = "%a %-d %b %Y" + (", %H:%M" if by_hours(frame[at]) else "")
    figure = go.Figure(
        go.Bar(
            x=frame[at],
            y=frame[values],
            name=words,
            marker_color=colour,
            marker_opacity=strength(whole),
            hovertemplate=f"%{{x|{hover}}}<br>{hovered('y', unit)}<extra></extra>",
        )
    )
    narrow(figure, frame[at])
    if before is not None and before[values].notna().any():
        _draw_before(figure, frame[at], before.head(len(frame)), at, values, hover, unit)
    if average:
        _held_against(
            figure,
            x=frame[at],
            y=frame[average],
            name="usual for its weekday",
            hovertemplate=f"%{{x|{hover}}}<br>usual {hovered('y', unit)}<extra></extra>",
        )
    if marked is not None and len(marked):
        _mark_days(figure, marked, frame.set_index(at)[values])
    date_ticks(figure, frame[at])
    figure.update_yaxes(title_text=words, rangemode="tozero", tickformat=ticks(frame[values].max()))
    finish(figure, TALL)
    return legend_above(figure) if len(figure.data) > 1 else figure


def _draw_before(
    figure: go.Figure,
    days: pd.Series,
    before: pd.DataFrame,
    at: str,
    values: str,
    hover: str,
    unit: str,
) -> None:
    """The period before, from the same start; hovering shows its own dates."""
    _held_against(
        figure,
        x=days.head(len(before)),
        y=before[values],
        mode="lines+markers",
        name="the period before",
        customdata=before[[at]],
        hovertemplate=f"%{{customdata[0]|{hover}}}<br>{hovered('y', unit)}<extra></extra>",
    )


def _held_against(figure: go.Figure, **drawn) -> None:
    """A grey line behind the bars, to hold them against."""
    line = {"color": HELD_AGAINST, "width": 2.5}
    figure.add_scatter(**{"mode": "lines", "line": line} | drawn)


def ahead(figure: go.Figure, days: pd.Series, low: pd.Series, high: pd.Series, unit: str) -> None:
    """Draw what is expected of the next days, with its band."""
    figure.add_scatter(
        x=[*days.index, *days.index[::-1]],
        y=[*high, *low[::-1]],
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor="rgba(138,148,158,0.28)",
        name="its usual error",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=days.index,
        y=days,
        mode="lines+markers",
        name="forecast",
        line={"color": QUIET, "width": 2, "dash": "dot"},
        hovertemplate=f"%{{x|%a %-d %b %Y}}<br>expected {hovered('y', unit)}<extra></extra>",
    )
    date_ticks(figure, pd.to_datetime(pd.Series([*figure.data[0].x, *days.index])))
    figure.update_xaxes(range=None)
    legend_above(figure)


def target(figure: go.Figure, values: pd.Series) -> None:
    """Draw what each bar should reach as a dotted line."""
    figure.add_scatter(
        x=figure.data[0].x,
        y=values,
        mode="lines",
        name="target",
        line={"color": WARNING, "width": 2, "dash": "dot"},
        hovertemplate="target %{y:,.2f}<extra></extra>",
    )
    legend_above(figure)


def _mark_days(figure: go.Figure, marked: pd.DataFrame, tops: pd.Series) -> None:
    half = pd.Timedelta(hours=12)
    for each in marked["at"]:
        figure.add_vrect(
            x0=each - half, x1=each + half, fillcolor=WARNING, opacity=0.16, line_width=0
        )
    figure.add_scatter(
        x=marked["at"],
        y=tops.reindex(marked["at"]).to_numpy(),
        mode="markers",
        name="unusual",
        marker={"color": WARNING, "size": 9, "symbol": "diamond"},
        hovertext=whole_names(marked["words"]),
        hovertemplate="%{x|%-d %b}: %{hovertext}<extra></extra>",
    )


def band(frame: pd.DataFrame, words: str, colour: str = ACCENT) -> go.Figure:
    """What was observed each hour, the expected range behind it, and marked anomalies."""
    if frame.empty:
        return nothing()
    figure = go.Figure()
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    at, bounds = _around(frame)
    figure.add_scatter(
        x=at,
        y=bounds,
        fill="toself",
        name="expected range",
        fillcolor="rgba(138,148,158,0.28)",
        **edge,
    )
    figure.add_scatter(
        x=frame["starts_at"],
        y=frame["observed"],
        mode="lines",
        name=words,
        line={"color": colour, "width": 1.8},
        customdata=frame[["lower_bound", "upper_bound"]],
        hovertemplate="%{x|%a %-d %b, %H:%M}: %{y:,.0f}<br>expected %{customdata[0]:,.0f} to "
        "%{customdata[1]:,.0f}<extra></extra>",
    )
    odd = frame[frame["is_anomaly"].astype(bool)]
    figure.add_scatter(
        x=odd["starts_at"],
        y=odd["observed"],
        mode="markers",
        name="unusual",
        marker={"color": WARNING, "size": 9, "symbol": "diamond"},
        hovertext=[f"unusually {d}" for d in odd["direction"]],
        hovertemplate="%{x|%a %-d %b, %H:%M}: %{y:,.0f}, %{hovertext}<extra></extra>",
    )
    days = frame["starts_at"].dt.normalize().nunique()
    # By default plotly ticks a few days every few hours, each with the same date.
    form = "%H:%M" if days == 1 else "%-d %b"
    step = 86400000 if 1 < days <= 8 else None
    figure.update_xaxes(showgrid=False, tickformat=form, nticks=9, dtick=step)
    figure.update_yaxes(title_text=f"{words} an hour", rangemode="tozero")
    return legend_above(finish(figure, TALL))


def _around(frame: pd.DataFrame) -> tuple[list, list]:
    """A closed line around the bounds of each run of hours that have some, with gaps between."""
    known = frame["upper_bound"].notna() & frame["lower_bound"].notna()
    at, bounds = [], []
    for _, run in frame[known].groupby((known != known.shift()).cumsum()):
        there, back = run["starts_at"].tolist(), run["starts_at"].tolist()[::-1]
        at += [*there, *back, None]
        bounds += [*run["upper_bound"], *run["lower_bound"][::-1], None]
    return at, bounds


def lines(
    frame: pd.DataFrame,
    at: str,
    columns: dict[str, str],
    words: str,
    colours: list[str] = PALETTE,
    unit: str = "",
) -> go.Figure:
    """One line for each column over time; `columns` maps column to words."""
    if frame.empty:
        return nothing()
    figure = go.Figure()
    for (column, name), colour in zip(columns.items(), colours, strict=False):
        figure.add_scatter(
            x=frame[at],
            y=frame[column],
            mode="lines+markers" if len(frame) < 15 else "lines",
            name=name,
            line={"color": colour, "width": 2},
            hovertemplate=f"%{{x|%-d %b %Y}}<br>{hovered('y', unit)}<extra>{name}</extra>",
        )
    date_ticks(figure, frame[at])
    figure.update_yaxes(title_text=words, rangemode="tozero")
    return legend_above(finish(figure))


def steps(frame: pd.DataFrame, at: str, values: str, words: str, unit: str) -> go.Figure:
    """A value that holds until it changes."""
    figure = go.Figure(
        go.Scatter(
            x=frame[at],
            y=frame[values],
            mode="lines+markers",
            line={"color": ACCENT, "width": 2, "shape": "hv"},
            hovertemplate=f"%{{x|%-d %b %Y}}<br>{hovered('y', unit)}<extra></extra>",
        )
    )
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=8)
    days_apart(figure, frame[at].min(), frame[at].max())
    figure.update_yaxes(title_text=words, rangemode="tozero")
    return finish(figure)


def concentration(frame: pd.DataFrame, points=(5, 10, 20)) -> go.Figure:
    """Share of revenue by the best p percent of buyers, against equal shares."""
    if frame.empty:
        return nothing()
    marked = frame[frame["top_percent"].isin(points)]
    figure = go.Figure(
        go.Scatter(
            x=frame["top_percent"],
            y=frame["revenue_share"],
            mode="lines",
            line={"color": ACCENT, "width": 2.5},
            fill="tozeroy",
            fillcolor="rgba(0,114,178,0.12)",
            hovertemplate="best %{x:.0f} % of buyers: %{y:.1f} % of revenue<extra></extra>",
        )
    )
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=marked["top_percent"],
        y=marked["revenue_share"],
        mode="markers+text",
        marker={"color": ACCENT, "size": 8},
        text=[
            f"best {p:.0f} %: {s:.0f} %"
            for p, s in zip(marked["top_percent"], marked["revenue_share"], strict=True)
        ],
        textposition="middle right",
        hoverinfo="skip",
    )
    figure.add_annotation(x=74, y=52, text="if all were equal", showarrow=False, font_color=QUIET)
    figure.update_xaxes(title_text="buyers, best first (%)", range=[0, 100])
    figure.update_yaxes(title_text="share of revenue (%)", range=[0, 103])
    return finish(figure, TALL)
