"""What a build costs, and what was measured to make it faster."""

from dashboard.blocks import Page
from dashboard.screens.performance import builds, optimizations

PAGE = Page("Performance", "performance", (builds.PART, optimizations.PART))
