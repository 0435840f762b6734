"""Views that people keep under a name: a CSV that they edit, with name and link."""

from urllib.parse import parse_qs, urlsplit

from dashboard.filters import NAMES, Values
from dashboard.own_rows import own_rows

# More would be no list to choose from.
MOST = 50


def saved_views() -> dict[str, tuple[str, Values]]:
    """Page and parameters of each view of SHOPSTREAM_VIEWS, by its name; none where there is no
    such file."""
    rows = own_rows("SHOPSTREAM_VIEWS", ["name", "link"], "saved views")
    named = rows.dropna().head(MOST).itertuples()
    return {row.name.strip(): opened(row.link) for row in named if opened(row.link)}


def opened(link: str) -> tuple[str, Values] | None:
    """The page and the parameters that a link names; of anything else in it nothing is taken, so
    that it leads nowhere else. None where it is no link."""
    try:
        parts = urlsplit(link.strip())
        asked = parse_qs(parts.query)
    except ValueError:
        return None
    page = parts.path.rstrip("/").rpartition("/")[2]
    return page, {name: asked[name] for name in ("part", *NAMES) if name in asked}
