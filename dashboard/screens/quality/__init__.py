"""What became of each delivered row, and whether to trust the numbers."""

from dashboard.blocks import Page
from dashboard.screens.quality import cleaning, doubts, rows, trust

PAGE = Page("Data quality", "quality", (rows.PART, cleaning.PART, trust.PART, doubts.PART))
