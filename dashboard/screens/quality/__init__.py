"""What became of each delivered row, and whether to trust the numbers."""

from dashboard.blocks import Page
from dashboard.screens.quality import cleaning, covered, doubts, rows, trust

PARTS = (rows.PART, cleaning.PART, covered.PART, trust.PART, doubts.PART)
PAGE = Page("Data quality", "quality", PARTS)
