"""A build from its first file to what is published: dbt, and the engines under it."""
