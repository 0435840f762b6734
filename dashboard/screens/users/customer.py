"""One visitor: who it is by recency, frequency and money, with all sessions."""

import pandas as pd

from dashboard import data
from dashboard.blocks import Card, Cards, Empty, Part, Table
from dashboard.words import day, duration, number


def overview(build, view):
    if view.display.hides_users:
        yield Empty("Single visitors are not shown", "SHOPSTREAM_HIDE_USER_IDS hides them.")
        return
    typed = (view.chosen("customer") or "").strip()
    known = typed.isascii() and typed.isdigit() and len(typed) < 19
    one = data.explorer.customer(build, int(typed)) if known else None
    if one is None:
        words = "Choose one in the list of buyers (Value), or type a number into the filter."
        yield Empty(f"There is no visitor {typed}" if typed else "No visitor is chosen", words)
        return
    orders = 0 if pd.isna(one["frequency"]) else one["frequency"]
    unnamed = "too few buyers to say" if orders else "no purchase"
    rfm = one["rfm_segment"] if isinstance(one["rfm_segment"], str) else unnamed
    cards = (
        Card(
            "Spent",
            number(one["total_spent"], view.sign),
            "Sum of price x quantity of all purchases.",
            of_money=True,
        ),
        Card("Orders", number(orders), "Sessions with a purchase."),
        Card("Sessions", number(one["total_sessions"]), "All sessions."),
        Card("Segment", one["user_segment"], "By the number of sessions so far."),
        Card("As a buyer", rfm, "By recency, frequency and money.", of_money=True),
        Card("Last seen", day(one["last_seen_at"]), f"First seen {day(one['first_seen_at'])}."),
    )
    yield Cards(cards, f"Visitor {typed}. All dates. From dim_users, rfm_users.")
    rows = data.explorer.customer_sessions(build, int(typed))
    rows = rows.rename(columns={"session_start": "started"})
    rows["duration_shown"] = rows["duration_seconds"].map(duration)
    columns = ("started", "duration_shown", "views", "carts", "purchases", "revenue")
    yield Table("All sessions", rows, "Latest first. From dim_sessions.", columns)


PART = Part("Visitor", "Who is this visitor?", ((overview,),), ("customer",))
