"""Who brings the revenue? Segments, concentration, RFM, the best buyers."""

from dashboard import charts, data
from dashboard.blocks import Chart, Empty, Part, Table
from dashboard.money import needs_prices
from dashboard.screens.users.buyers import buyers


@needs_prices
def segments(build, view):
    rows = data.users.segments(build)
    shares = {"user_share": "share of visitors", "revenue_share": "share of revenue"}
    figure = charts.side_by_side(rows, "user_segment", shares)
    caption = "All dates; segment by sessions so far, as of the build. From segment_value."
    yield Chart("Segments by visitors and by revenue (%)", figure, rows, caption)


@needs_prices
def concentration(build, view):
    rows = data.users.concentration(build)
    # Shares of no revenue are unknown.
    rows = rows[rows["revenue_share"].notna()]
    top = rows.loc[rows["top_percent"] == 20, "revenue_share"]
    title = "Share of revenue by the best buyers"
    if len(top):
        title = f"The best 20 % of buyers bring {top.iloc[0]:.0f} % of revenue"
    gini = f" Gini {rows['gini'].iloc[0]:.2f}." if rows["gini"].notna().any() else ""
    caption = f"All dates, without anonymous visitors.{gini} From customer_concentration."
    yield Chart(title, charts.concentration(rows), rows, caption, metric="gini")


@needs_prices
def rfm(build, view):
    rows = data.users.rfm(build)
    if not rows["buyers"].sum():
        words = (
            f"Scores compare buyers, and fewer than {data.users.fewest_buyers()} say too little."
        )
        yield Empty("Too few buyers for segments", words)
        return
    shares = {"buyer_share": "share of buyers", "revenue_share": "share of revenue"}
    figure = charts.side_by_side(rows, "rfm_segment", shares)
    caption = (
        "All dates up to the last delivered one. Recency, frequency, monetary; buyers only. "
        "From rfm_segments_summary."
    )
    yield Chart("Buyers by recency, frequency and money (%)", figure, rows, caption)


@needs_prices
def rfm_rules(build, view):
    rows = data.users.rfm_rules(build)
    caption = (
        "Scores from 1 to 5, the best fifth of buyers has 5, and equal buyers share the middle: "
        "how long ago the last order was, how many orders, how much money. From rfm_segments."
    )
    columns = ("rfm_segment", "recency_score", "frequency_score", "monetary_score")
    yield Table("What makes a segment of buyers", rows, caption, columns)


PART = Part(
    "Value",
    "Who brings the revenue?",
    ((segments, concentration), (rfm, rfm_rules), (buyers,)),
    ("buyers",),
)
