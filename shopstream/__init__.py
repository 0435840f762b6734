"""shopstream: clickstream exports to tables that people can trust."""
