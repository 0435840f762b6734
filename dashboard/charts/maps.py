"""Charts of two dimensions: nested tiles, bubbles, heatmaps."""

import html
import math

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.look import (
    ACCENT,
    HEAT,
    LOW,
    TALL,
    WRITTEN,
    finish,
    hovered,
    log_ticks,
    nothing,
)
from dashboard.words import label, number, whole_names, with_sign

# Dark enough for white text on either ground.
TILES = ["#0067A0", "#007D5B", "#A04B87", "#8F5F00", "#37718F", "#A04300"]
OTHER_TILES = "#5F6B76"


def tree(
    frame: pd.DataFrame, sign: str, opened: str | None, everything: str, first: list[str]
) -> go.Figure:
    """Categories as nested tiles by revenue, with the tile `opened` open. The categories `first`
    have colours of their own, in this order; those for which there is none are grey.

    A click gives the path of a tile, or `everything` for the bar above all of them.
    """
    if frame.empty:
        return nothing()
    paths = frame["category_path"].tolist()
    colours = dict(zip(first, TILES, strict=False))
    revenue = [frame.loc[frame["parent_path"].isna(), "revenue"].sum(), *frame["revenue"]]
    figure = go.Figure(
        go.Treemap(
            ids=[everything, *paths],
            labels=[everything, *(label(name, 40) for name in frame["category_name"])],
            parents=["", *frame["parent_path"].fillna(everything)],
            values=revenue,
            branchvalues="total",
            level=opened if opened in paths else everything,
            maxdepth=2,
            text=[number(value, sign) for value in revenue],
            texttemplate="%{label}<br>%{text}<br>%{percentRoot:.1%}",
            hovertemplate=f"%{{label}}<br>{hovered('value', sign)}<br>%{{percentRoot:.1%}} of all"
            "<extra></extra>",
            tiling={"pad": 2},
            marker={
                "cornerradius": 3,
                "line": {"width": 1, "color": "rgba(255,255,255,0.6)"},
                "colors": [
                    "#37474F",
                    *(colours.get(path.split(".")[0], OTHER_TILES) for path in paths),
                ],
            },
            pathbar={"visible": True, "thickness": 22},
            textfont={"color": "white", "size": 13},
        )
    )
    finish(figure, TALL).update_layout(uniformtext={"minsize": 11, "mode": "hide"})
    # The bar that leads back stands above the tiles.
    return figure.update_layout(margin_t=28) if opened in paths else figure


def bubbles(frame: pd.DataFrame, sign: str, fewest_views: int) -> go.Figure:
    """Mean price (log axis) against conversion, sized by revenue; too thin ones are left out.

    A click gives the whole name; a column `title` has how it is written.
    """
    shown = frame[frame["views"] >= fewest_views].head(60)
    titles = shown["title"] if "title" in shown else shown["name"]
    if shown.empty:
        return nothing(f"Nothing here has {fewest_views} views or more: too few to say.")
    biggest = float(shown["revenue"].max() or 1)
    named = set(shown.head(3)["name"])
    notes = [
        f"revenue {number(revenue, sign)}<br>{number(views)} views"
        for revenue, views in zip(shown["revenue"], shown["views"], strict=True)
    ]
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
                label(title.rsplit(".", 1)[-1], 16) if name in named else ""
                for name, title in zip(shown["name"], titles, strict=True)
            ],
            textposition="top center",
            customdata=[[name, note] for name, note in zip(shown["name"], notes, strict=True)],
            hovertext=whole_names(titles),
            hovertemplate=f"%{{hovertext}}<br>average price {hovered('x', sign)}<br>"
            "conversion %{y:.2f} %<br>"
            "%{customdata[1]}<extra></extra>",
        )
    )
    low = max(float(shown["mean_price"].min()), 0.01)
    high = max(float(shown["mean_price"].max()), 0.01)
    most = float(shown["conversion"].max() or 1)
    figure.update_xaxes(
        type="log",
        title_text=with_sign("average price, log", sign),
        range=[math.log10(low) - 0.25, math.log10(high) + 0.25],
        tickvals=log_ticks(low / 1.7, high * 1.7),
        tickformat=",~f",
    )
    figure.update_yaxes(title_text="purchases / views (%)", range=[-0.04 * most, most * 1.2])
    return finish(figure, TALL)


def _write(figure: go.Figure, x: pd.Series, y: pd.Series, values: pd.Series) -> None:
    """Percentages in the cells.

    Text of its own keeps its colour; that of a cell is chosen without a look at the ground.
    """
    figure.add_scatter(
        x=[str(value) for value in x],
        y=y,
        text=[f"{value:.0f}" for value in values],
        mode="text",
        textfont={"color": "white"},
        hoverinfo="skip",
    )


def heat(
    frame: pd.DataFrame,
    x: str,
    y: str,
    z: str,
    *,
    words: str,
    axes: tuple[str, str],
    percent: bool = False,
    unit: str = "",
) -> go.Figure:
    """Cells by colour, rows in the order given; a cell without a value stays blank. Percentages
    are written into the cells."""
    frame = frame.dropna(subset=[z])
    if frame.empty:
        return nothing()
    grid = frame.pivot(index=y, columns=x, values=z).reindex(frame[y].unique())
    # Rows by their place: names that begin alike stay apart.
    places = list(range(len(grid)))
    writes = percent and grid.shape[1] <= 13
    figure = go.Figure(
        go.Heatmap(
            x=[str(value) for value in grid.columns],
            y=places,
            z=grid.astype(float).to_numpy(),
            colorscale=WRITTEN if writes else HEAT,
            zmin=0,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            showscale=not writes,
            colorbar={"thickness": 8, "nticks": 5, "outlinewidth": 0, "xpad": 4},
            hovertext=[[name] * grid.shape[1] for name in whole_names(grid.index)],
            hovertemplate=f"{axes[1]} %{{hovertext}}, {axes[0]} %{{x}}<br>"
            f"{html.escape(unit)}%{{z:,.2f}} {words}"
            "<extra></extra>",
        )
    )
    if writes:
        _write(figure, frame[x], frame[y].map(dict(zip(grid.index, places, strict=True))), frame[z])
    figure.update_xaxes(title_text=axes[0], type="category", showgrid=False, nticks=13)
    figure.update_yaxes(
        title_text=axes[1] if percent else None,
        tickvals=places,
        ticktext=[label(name) for name in grid.index],
        autorange="reversed",
        showgrid=False,
    )
    return finish(figure, max(LOW, 26 * len(grid) + 90))
