"""Errors that are expected: the message says what is wrong, where, and what to do.

The command line prints such a message and ends with 2; all have one root.
"""


class ShopstreamError(Exception):
    """What keeps a command from doing its work."""


class SettingsError(ShopstreamError):
    """A variable of the environment with a wrong value, and what it should look like."""


class LandingError(ShopstreamError):
    """Landing as a whole can't go on."""


class BuildError(ShopstreamError):
    """Nothing could be built."""


class NothingPublished(ShopstreamError):
    """There is no such build."""


class PublishedLost(ShopstreamError):
    """Something is published, and published.json can't be read."""


class Damaged(ShopstreamError):
    """What can't be mended from other tables."""
