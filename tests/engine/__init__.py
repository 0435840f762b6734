"""Builds on the default engine, held against the oracle: marts, input, operations."""
