"""Spark builds what the default engine builds."""
