"""For engineers: what a build costs, what it tested, what was measured to make it faster."""

from dashboard.blocks import Page
from dashboard.screens.performance import bench, builds, optimizations, tests

PAGE = Page("Admin", "performance", (builds.PART, tests.PART, bench.PART, optimizations.PART))
