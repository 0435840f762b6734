"""What happened, compared with what."""

from dashboard.blocks import Page
from dashboard.screens.overview import definitions, now

PAGE = Page("Overview", "overview", (now.PART, definitions.PART))
