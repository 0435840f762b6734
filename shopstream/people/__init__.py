"""What people meet: the command line, summaries, queries, reports, the hook."""
