"""``python -m gateway``: the command line where the console script is not on the path."""

from gateway.cli import main

main()
