"""`python -m anonymart.cli`."""

from anonymart.cli import main

main()
