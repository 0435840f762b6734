"""The small line on a card."""

import math
from html import escape


def sparkline(values: tuple[float, ...], words: tuple[str, ...] = ()) -> str:
    """A small line without axes as SVG, over what is unknown; empty for less than two values.
    `words` say what each value is, on hover."""
    known = [(place, value) for place, value in enumerate(values) if not math.isnan(value)]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    places = [
        f"{100 * place / (len(values) - 1):.2f},{28 - 26 * (value - low) / ((high - low) or 1):.2f}"
        for place, value in known
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="34" viewBox="0 0 100 30" '
        'preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{" ".join(places)}" fill="none" stroke="#4A90C2" stroke-width="1.6" '
        f'vector-effect="non-scaling-stroke"/>{hovers(words)}</svg>'
    )


def hovers(words: tuple[str, ...]) -> str:
    """Unseen strips side by side, each with its words on hover."""
    wide = 100 / max(1, len(words))
    return "".join(
        f'<rect x="{place * wide:.2f}" y="0" width="{wide:.2f}" height="30" fill="transparent">'
        f"<title>{escape(each)}</title></rect>"
        for place, each in enumerate(words)
    )
