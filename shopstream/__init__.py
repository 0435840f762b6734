"""shopstream: clickstream exports to tables that people can trust.

`shopstream.open_table` opens a published table; `shopstream.read_published` says which there are.
"""

READERS = ("open_table", "read_published")


def __getattr__(name: str):
    # Set-up imports this package before anything is installed.
    if name in READERS:
        from shopstream import published

        return getattr(published, name)
    raise AttributeError(f"module 'shopstream' has no attribute {name!r}")
