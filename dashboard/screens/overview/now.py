"""How is the store doing? Cards, why revenue changed, what stands out, revenue, the funnel."""

from dashboard import charts, figures, insights
from dashboard.blocks import Chart, Findings, Part
from dashboard.money import needs_prices
from dashboard.periods import grain_of, pale, wholly
from dashboard.screens.overview.ahead import expect
from dashboard.screens.overview.cards import cards
from dashboard.screens.overview.changes import factors, movers
from dashboard.screens.overview.funnels import conversions, funnel
from dashboard.words import with_sign


def findings(build, view):
    found = insights.all_insights(build, view)
    otherwise = "Too few orders in these dates to say anything with confidence."
    title = f"What stands out{view.beyond('category', 'brand', 'segment')}"
    yield Findings(title, tuple(each.shown() for each in found[:5]), otherwise)


@needs_prices
def revenue(build, view):
    grain = grain_of(view.period, view.choices["grain"])
    if grain == "hour" and figures.narrowed(view):
        grain = "day"  # No mart has the hours of a part of the store.
    rows = figures.series(build, view, grain, *view.dates)
    whole = wholly(grain, rows, *view.dates)
    earlier = before(build, view, grain)
    if earlier is not None:
        for column in ("period_start", "revenue"):
            rows[f"{column}_before"] = earlier[column].reset_index(drop=True)
    figure = charts.by_period(
        rows,
        "period_start",
        "revenue",
        words=with_sign("revenue", view.sign),
        whole=whole,
        before=earlier,
        unit=view.sign,
    )
    if grain != "hour" and view.target:
        charts.target(figure, view.target * rows["period_start"].map(charts.DAYS_OF[grain]))
    expected = expect(build, view, figure) if grain == "day" else ""
    mart = "hourly_activity" if grain == "hour" else figures.mart(view)
    explained = pale(grain, whole, "the dates, or of the data")
    within = view.within(*figures.applied(view))
    caption = f"{within} By UTC date of the event.{explained}{expected} From {mart}."
    title = f"Revenue by {grain}{figures.ignored(view)}"
    yield Chart(title, figure, rows, caption, metric="revenue")


def before(build, view, grain):
    """The revenue of the dates to compare with; unknown where a week or month is not wholly in
    them."""
    if not view.before:
        return None
    dates = view.before.first, view.before.last
    rows = figures.series(build, view, grain, *dates)
    return rows.assign(revenue=rows["revenue"].where(wholly(grain, rows, *dates)))


PART = Part(
    "Now",
    "How is the store doing?",
    ((cards,), (findings,), (factors, movers), (revenue,), (funnel,), (conversions,)),
    ("period", "compare", "grain", "category", "brand", "segment", "funnel"),
)
