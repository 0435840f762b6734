"""The small line on a card."""


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
