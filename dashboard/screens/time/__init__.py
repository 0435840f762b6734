"""When people buy, and what was unusual."""

from dashboard.blocks import Page
from dashboard.screens.time import days, hours, visitors

PAGE = Page("Time", "time", (hours.PART, visitors.PART, days.PART))
