"""Charts: pure functions from a data frame to a plotly figure, one look for all of them.

Names from the data are escaped, so that markup in them is shown as text. Colours are Okabe and
Ito's, told apart by colour-blind people too, and the same on light and dark ground.
"""

import html
import math
from datetime import date

import pandas as pd
import plotly.graph_objects as go

ACCENT, WARNING, QUIET = "#0072B2", "#D55E00", "#8A949E"
EVENT_COLOURS = {"view": "#56B4E9", "cart": "#E69F00", "purchase": "#009E73", "unknown": QUIET}
FATE_COLOURS = {
    "accepted": "#0072B2",
    "duplicate": "#56B4E9",
    "out_of_window": "#E69F00",
    "quarantined": "#D55E00",
    "erased": QUIET,
}
# Cells with text in them are dark enough for white on either ground.
WRITTEN = [[0, "#5B6F7B"], [1, "#00619C"]]
# Ordered, and see-through at its low end, so that it fits light and dark ground.
HEAT = [[0, "rgba(0,114,178,0.06)"], [1, "rgba(0,114,178,0.75)"]]
TALL, LOW = 360, 300
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


# --- words and numbers ------------------------------------------------------------------------


def number(value: float | None, unit: str = "") -> str:
    """A number as people read it: 229.9 M, 629,560, 6.8 %, $309.56; `unit` is a sign or %."""
    if value is None or pd.isna(value):
        return "–"
    size = abs(value)
    if unit == "%":
        return f"{value:,.1f} %" if size >= 1 else f"{value:,.2g} %"
    if size >= 1e9:
        text = f"{value / 1e9:,.4g} bn"
    elif size >= 1e6:
        text = f"{value / 1e6:,.1f} M" if size >= 1e7 else f"{value / 1e6:,.2f} M"
    elif size >= 1000 or float(value).is_integer():
        text = f"{value:,.0f}"
    elif size >= 10:
        text = f"{value:,.2f}" if unit else f"{value:,.1f}"
    else:
        text = f"{value:,.2f}"
    return f"-{unit}{text[1:]}" if text.startswith("-") else f"{unit}{text}"


def duration(seconds: float | None) -> str:
    """A time span as people say it: 45 s, 12 min, 3.4 h, 2.1 days."""
    if seconds is None or pd.isna(seconds):
        return "–"
    for size, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:,.1f} {name}"
    return f"{seconds:,.0f} s"


def day(value: date) -> str:
    """A date as people say it: 7 Oct 2019."""
    return f"{value.day} {value:%b %Y}"


def span_of_hours(first: int, hours: int) -> str:
    """Hours of the day in words: from 08:00 to 11:00."""
    return f"from {first:02d}:00 to {(first + hours) % 24:02d}:00"


def label(text: object, width: int = 26) -> str:
    """A name for an axis: shortened with an ellipsis, and its markup escaped."""
    text = str(text)
    return html.escape(text if len(text) <= width else text[: width - 1] + "…", quote=False)


def ticks(most: float) -> str:
    """The format of an axis: 20k where numbers are large, 0.5 where they are small."""
    return "~s" if most >= 1000 else "~g"


def _whole(names: pd.Series) -> list[str]:
    return [label(name, 200) for name in names]


# --- the one look -----------------------------------------------------------------------------


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
    figure.update_xaxes(automargin=True, fixedrange=True, zeroline=False, title_standoff=8)
    figure.update_yaxes(automargin=True, fixedrange=True, zeroline=False, title_standoff=8)
    return figure


def legend_above(figure: go.Figure) -> go.Figure:
    """Show the legend in one row above the plot, where direct labels fail."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        margin_t=40,
    )
    return figure


def nothing(words: str = "No rows for this choice.") -> go.Figure:
    """An empty figure that says so."""
    figure = finish(go.Figure(), 160)
    figure.add_annotation(text=html.escape(words), showarrow=False, font_size=14)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def sparkline(values: tuple[float, ...]) -> str:
    """A small line without axes as SVG; empty for less than two values."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    places = [
        f"{100 * place / (len(values) - 1):.2f},{28 - 26 * (value - low) / ((high - low) or 1):.2f}"
        for place, value in enumerate(values)
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="34" viewBox="0 0 100 30" '
        'preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{" ".join(places)}" fill="none" stroke="#4A90C2" stroke-width="1.6" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )


# --- charts -----------------------------------------------------------------------------------


def bars(
    frame: pd.DataFrame,
    names: str,
    values: str,
    *,
    unit: str = "",
    extra: str = "",
    most: int = 12,
) -> go.Figure:
    """Horizontal bars, largest on top as given, with their values beside them.

    `extra` is a column of words shown behind the value. A click gives the whole name.
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
            orientation="h",
            marker_color=ACCENT,
            text=texts,
            textposition="outside",
            cliponaxis=False,
            customdata=[[str(name)] for name in shown[names]],
            hovertext=_whole(shown[names]),
            hovertemplate="%{hovertext}<br>%{x:,.2f}<extra></extra>",
        )
    )
    top = max(float(shown[values].max()), 0.0)
    figure.update_xaxes(visible=False, range=[0, (top or 1) * (1.8 if extra else 1.35)])
    figure.update_yaxes(
        tickvals=places,
        ticktext=[label(name, 22) for name in shown[names]],
        autorange="reversed",
        showgrid=False,
    )
    return finish(figure, max(LOW, 30 * len(shown) + 30) if len(shown) > 8 else LOW)


def shares(frame: pd.DataFrame, names: str, columns: dict[str, str]) -> go.Figure:
    """Two or three percentages for each name, side by side; `columns` maps column to words."""
    if frame.empty:
        return nothing()
    places = list(range(len(frame)))
    figure = go.Figure()
    for (column, words), colour in zip(columns.items(), [QUIET, ACCENT, "#E69F00"], strict=False):
        figure.add_bar(
            x=frame[column],
            y=places,
            name=words,
            orientation="h",
            marker_color=colour,
            text=[number(value, "%") for value in frame[column]],
            textposition="outside",
            cliponaxis=False,
            hovertext=_whole(frame[names]),
            hovertemplate="%{hovertext}: %{x:.2f} %<extra>" + words + "</extra>",
        )
    top = float(frame[list(columns)].max().max() or 1)
    figure.update_xaxes(visible=False, range=[0, top * 1.25])
    figure.update_yaxes(
        tickvals=places, ticktext=[label(n, 20) for n in frame[names]], autorange="reversed"
    )
    return legend_above(finish(figure, max(LOW, 46 * len(frame) + 60)))


def by_period(
    frame: pd.DataFrame,
    at: str,
    values: str,
    *,
    words: str,
    whole: pd.Series | None = None,
    average: str = "",
    marked: pd.DataFrame | None = None,
) -> go.Figure:
    """Bars over days, weeks or months; a pale bar is a period that is only partly in the data.

    `average` names a column drawn as a line. `marked` has dates (`at`) and words (`words`) of
    anomalies: each is a band and a marked point.
    """
    if frame.empty:
        return nothing()
    figure = go.Figure(
        go.Bar(
            x=frame[at],
            y=frame[values],
            name=words,
            marker_color=ACCENT,
            marker_opacity=1 if whole is None else [1 if w else 0.45 for w in whole],
            hovertemplate="%{x|%a %-d %b %Y}<br>%{y:,.2f}<extra></extra>",
        )
    )
    if average:
        figure.add_scatter(
            x=frame[at],
            y=frame[average],
            mode="lines",
            name="mean of 7 days",
            line={"color": "#E69F00", "width": 2.5},
            hovertemplate="%{x|%-d %b}<br>mean of 7 days %{y:,.2f}<extra></extra>",
        )
    if marked is not None and len(marked):
        half = pd.Timedelta(hours=12)
        for each in marked["at"]:
            figure.add_vrect(
                x0=each - half, x1=each + half, fillcolor=WARNING, opacity=0.16, line_width=0
            )
        tops = frame.set_index(at)[values].reindex(marked["at"])
        figure.add_scatter(
            x=marked["at"],
            y=tops.to_numpy(),
            mode="markers",
            name="unusual hours",
            marker={"color": WARNING, "size": 9, "symbol": "diamond"},
            hovertext=_whole(marked["words"]),
            hovertemplate="%{x|%-d %b}: %{hovertext}<extra></extra>",
        )
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=10)
    figure.update_yaxes(title_text=words, rangemode="tozero", tickformat=ticks(frame[values].max()))
    finish(figure, TALL)
    return legend_above(figure) if average else figure


def columns(
    frame: pd.DataFrame, names: str, values: str, *, words: str, unit: str = "", axis: str = ""
) -> go.Figure:
    """Upright bars in the order given, with their values on top where they are few."""
    if frame.empty:
        return nothing()
    few = len(frame) <= 8
    figure = go.Figure(
        go.Bar(
            x=[label(name, 24) for name in frame[names]],
            y=frame[values],
            width=0.35 if len(frame) <= 3 else None,
            marker_color=ACCENT,
            text=[number(value, unit) for value in frame[values]] if few else None,
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}<br>%{y:,.2f}<extra></extra>",
        )
    )
    top = float(frame[values].max() or 0) or 1
    figure.update_xaxes(type="category", title_text=axis or None, showgrid=False)
    figure.update_yaxes(title_text=words, range=[0, top * 1.15], tickformat=ticks(top), nticks=6)
    return finish(figure)


def funnel(steps: dict[str, float], notes: list[str]) -> go.Figure:
    """Steps as bars from the widest to the narrowest, each with its number and a note."""
    if not steps or not any(steps.values()):
        return nothing()
    names = list(steps)
    places = list(range(len(names)))
    colours = [EVENT_COLOURS["view"], EVENT_COLOURS["cart"], EVENT_COLOURS["purchase"]]
    figure = go.Figure(
        go.Bar(
            x=list(steps.values()),
            y=places,
            orientation="h",
            marker_color=colours,
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
    return finish(figure, 230)


def tree(frame: pd.DataFrame, sign: str) -> go.Figure:
    """Categories as nested tiles by revenue; a click opens a tile."""
    if frame.empty:
        return nothing()
    parts = frame["parent_path"].isna()
    parents = frame["parent_path"].fillna("").tolist()
    figure = go.Figure(
        go.Treemap(
            ids=frame["category_path"],
            labels=[label(name, 40) for name in frame["category_name"]],
            parents=parents,
            values=frame["revenue"],
            branchvalues="total",
            maxdepth=2,
            text=[number(value, sign) for value in frame["revenue"]],
            texttemplate="%{label}<br>%{text}<br>%{percentRoot:.1%}",
            hovertemplate="%{label}<br>%{value:,.2f}<br>%{percentRoot:.1%} of all<extra></extra>",
            root_color="rgba(0,0,0,0)",
            tiling={"pad": 2},
            marker={"cornerradius": 3, "line": {"width": 0}},
            pathbar={"visible": True, "thickness": 22},
        )
    )
    figure = finish(figure, TALL)
    roots = frame[parts].sort_values("revenue", ascending=False)["category_path"]
    palette = ["#0067A0", "#007D5B", "#A04B87", "#8F5F00", "#37718F", "#A04300", "#5F6B76"]
    colour = {root: palette[place % len(palette)] for place, root in enumerate(roots)}
    figure.data[0].marker.colors = [colour[str(p).split(".")[0]] for p in frame["category_path"]]
    figure.data[0].textfont = {"color": "white", "size": 13}
    figure.update_layout(uniformtext={"minsize": 11, "mode": "hide"})
    return figure


def bubbles(frame: pd.DataFrame, sign: str, fewest_views: int) -> go.Figure:
    """Mean price (log axis) against conversion, sized by revenue; too thin ones are left out."""
    shown = frame[frame["views"] >= fewest_views].head(60)
    if shown.empty:
        return nothing(f"Nothing here has {fewest_views} views or more: too few to say.")
    biggest = float(shown["revenue"].max() or 1)
    named = set(shown.head(3)["name"])
    figure = go.Figure(
        go.Scatter(
            x=shown["mean_price"],
            y=shown["conversion"],
            mode="markers+text",
            marker={
                "size": [8 + 34 * math.sqrt(max(r, 0) / biggest) for r in shown["revenue"]],
                "color": ACCENT,
                "opacity": 0.6,
                "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
            },
            text=[
                label(str(n).rsplit(".", 1)[-1], 16) if n in named else "" for n in shown["name"]
            ],
            textposition="top center",
            customdata=[
                [label(n, 200), number(r, sign), number(v)]
                for n, r, v in zip(shown["name"], shown["revenue"], shown["views"], strict=True)
            ],
            hovertemplate="%{customdata[0]}<br>mean price %{x:,.2f}<br>conversion %{y:.2f} %<br>"
            "revenue %{customdata[1]}<br>%{customdata[2]} views<extra></extra>",
        )
    )
    low, high = float(shown["mean_price"].min()), float(shown["mean_price"].max())
    figure.update_xaxes(
        type="log",
        title_text=f"mean price ({sign}, log)" if sign else "mean price (log)",
        range=[math.log10(max(low, 0.01)) - 0.25, math.log10(max(high, 0.01)) + 0.25],
        dtick=1 if high / max(low, 0.01) > 30 else "D2",
        tickformat=",~f",
    )
    most = float(shown["conversion"].max() or 1)
    figure.update_yaxes(title_text="purchases / views (%)", range=[-0.04 * most, most * 1.2])
    return finish(figure, TALL)


def heat(
    frame: pd.DataFrame, x: str, y: str, z: str, *, words: str, axes: tuple[str, str], percent=False
) -> go.Figure:
    """Cells by colour, rows in the order given; a cell without a value stays blank. Percentages
    are written into the cells."""
    frame = frame.dropna(subset=[z])
    if frame.empty:
        return nothing()
    grid = frame.pivot(index=y, columns=x, values=z).reindex(frame[y].unique())
    writes = percent and grid.shape[1] <= 13
    figure = go.Figure(
        go.Heatmap(
            x=[str(value) for value in grid.columns],
            y=[label(value) for value in grid.index],
            z=grid.astype(float).to_numpy(),
            colorscale=WRITTEN if writes else HEAT,
            zmin=0,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            showscale=not writes,
            colorbar={"thickness": 8, "nticks": 5, "outlinewidth": 0, "xpad": 4},
            hovertemplate=f"{axes[1]} %{{y}}, {axes[0]} %{{x}}<br>%{{z:,.2f}} {words}"
            "<extra></extra>",
        )
    )
    if writes:
        # Text of its own keeps its colour; that of a cell is chosen without a look at the ground.
        figure.add_scatter(
            x=[str(value) for value in frame[x]],
            y=[label(value) for value in frame[y]],
            text=[f"{value:.0f}" for value in frame[z]],
            mode="text",
            textfont={"color": "white"},
            hoverinfo="skip",
        )
    figure.update_xaxes(title_text=axes[0], type="category", showgrid=False, nticks=13)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return finish(figure, max(LOW, 26 * len(grid) + 90))


def concentration(frame: pd.DataFrame, points=(1, 5, 10, 20)) -> go.Figure:
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
        x=[0, 100], y=[0, 100], mode="lines", line={"color": QUIET, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )  # fmt: skip
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


def band(frame: pd.DataFrame, words: str) -> go.Figure:
    """What was observed each hour, the expected range behind it, and marked anomalies."""
    if frame.empty:
        return nothing()
    figure = go.Figure()
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=frame["starts_at"], y=frame["lower_bound"], **edge)
    figure.add_scatter(
        x=frame["starts_at"], y=frame["upper_bound"], fill="tonexty", name="expected range",
        fillcolor="rgba(138,148,158,0.28)", **edge,
    )  # fmt: skip
    figure.add_scatter(
        x=frame["starts_at"],
        y=frame["observed"],
        mode="lines",
        name=words,
        line={"color": ACCENT, "width": 1.8},
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
    figure.data[0].showlegend = False
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=9)
    figure.update_yaxes(title_text=f"{words} an hour", rangemode="tozero")
    return legend_above(finish(figure, TALL))


def stacked(
    frame: pd.DataFrame,
    names: str,
    parts: list[str],
    whole: str,
    *,
    colours: dict[str, str],
    words: str,
) -> go.Figure:
    """Parts of each name on one bar, as percent of its column `whole`."""
    if frame.empty:
        return nothing()
    whole = frame[whole].replace(0, float("nan"))
    figure = go.Figure()
    for part in parts:
        share = 100 * frame[part] / whole
        figure.add_bar(
            y=[label(name) for name in frame[names]],
            x=share,
            name=part.replace("_", " "),
            orientation="h",
            marker_color=colours[part],
            customdata=frame[[part]],
            hovertemplate="%{y}: %{customdata[0]:,.0f} rows, %{x:.3f} %<extra>"
            + part.replace("_", " ")
            + "</extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title_text=words, ticksuffix=" %", nticks=6)
    figure.update_yaxes(type="category", autorange="reversed")
    return legend_above(finish(figure, max(200, 26 * len(frame) + 120)))


def lines(frame: pd.DataFrame, at: str, columns: dict[str, str], words: str) -> go.Figure:
    """One line for each column over time, with its name at its end."""
    if frame.empty:
        return nothing()
    figure = go.Figure()
    palette = [ACCENT, "#E69F00", "#009E73", "#CC79A7", "#56B4E9", WARNING]
    for (column, name), colour in zip(columns.items(), palette, strict=False):
        figure.add_scatter(
            x=frame[at],
            y=frame[column],
            mode="lines+markers" if len(frame) < 15 else "lines",
            name=name,
            line={"color": colour, "width": 2},
            hovertemplate="%{x|%-d %b %Y}<br>%{y:,.2f}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=8)
    figure.update_yaxes(title_text=words, rangemode="tozero")
    return legend_above(finish(figure))
