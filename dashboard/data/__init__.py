"""The one package that touches data: typed functions over the published marts, without a JVM.

`marts` opens the tables of a published build; the modules beside it ask them, by subject. What a
query gave is kept until another build is published. All of a page's numbers come from one build.
"""

from dashboard.data import activity, explorer, performance, products, quality, ranges, users
from dashboard.data.marts import Build, EmptyMart, MissingMart, null_defaults, read_build

__all__ = [
    "Build",
    "EmptyMart",
    "MissingMart",
    "activity",
    "explorer",
    "null_defaults",
    "performance",
    "products",
    "quality",
    "ranges",
    "read_build",
    "users",
]
