"""The small line on a card says its values on hover and is no picture to be opened."""

from xml.etree import ElementTree

from dashboard import data, words
from dashboard.charts import sparkline
from dashboard.filters import default_view
from dashboard.screens.overview import cards, now
from tests.dashboard.test_pages import run

SVG = "{http://www.w3.org/2000/svg}"


def test_each_day_of_a_small_line_says_its_value_on_hover(shown):
    view = default_view(now.PART, shown)
    (block,) = cards.cards(shown, view)
    card = next(card for card in block.cards if card.name == "Revenue")
    drawn = ElementTree.fromstring(sparkline(card.trail, card.trail_words))
    titles = [each.text for each in drawn.iter(f"{SVG}title")]
    days = data.activity.series(shown, "day", *view.dates)
    assert len(titles) == len(days)
    assert titles[2] == f"3 Oct 2019: {words.number(days['revenue'][2], '$')}"


def test_words_of_a_small_line_are_text():
    drawn = ElementTree.fromstring(sparkline((1.0, 2.0), ("<b>1</b>", "2 & 3")))
    assert [each.text for each in drawn.iter(f"{SVG}title")] == ["<b>1</b>", "2 & 3"]


def test_small_lines_are_no_pictures(shown):
    page = run("overview")
    assert not page.get("imgs")
    lines = [each.proto.body for each in page.get("html") if 'class="line"' in each.proto.body]
    assert len(lines) == 6
    assert 'title="3 Oct 2019: $' in lines[0]
