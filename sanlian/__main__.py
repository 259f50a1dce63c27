"""`python -m sanlian` is the command `sanlian`."""

from sanlian.cli import main

main(prog_name="sanlian")
