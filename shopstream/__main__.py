"""`python -m shopstream`: the command line, for whoever has this Python and not its scripts."""

from shopstream.people.cli import main

main()
