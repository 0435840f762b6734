"""What a build costs, and what was measured to make it faster."""

from dashboard.blocks import Page
from dashboard.screens.performance import bench, builds, optimizations

PAGE = Page("Performance", "performance", (builds.PART, bench.PART, optimizations.PART))
