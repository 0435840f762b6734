"""The small line on a card."""

import math


def sparkline(values: tuple[float, ...]) -> str:
    """A small line without axes as SVG, over what is unknown; empty for less than two values."""
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
        'vector-effect="non-scaling-stroke"/></svg>'
    )
