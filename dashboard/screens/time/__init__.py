"""When people buy, and what was unusual."""

from dashboard.blocks import Page
from dashboard.screens.time import days, hours

PAGE = Page("Time", "time", (hours.PART, days.PART))
