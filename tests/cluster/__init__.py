"""A Spark cluster and a Spark Connect server on this machine."""
