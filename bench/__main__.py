"""Measure Banners against its bars: ``make bench``."""

import click
from catalogue import catalogue
from claims import FOLDER
from connections import connections
from crunch import crunch
from document import document
from loop import loop
from million import million
from page import page
from policy import policy
from serve import serve
from soak import soak
from spark import spark
from window import window


@click.group(invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measure the crunch and serving, unless a part is named.

    Every claim on speed is a ratio of two measurements that were taken in turn, in one run, on one
    machine. The results are tables, and JSON in var/bench, where sample data are kept as well.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if ctx.invoked_subcommand is None:
        for part in (crunch, serve):
            ctx.invoke(part)


main.add_command(crunch)
main.add_command(serve)
main.add_command(loop)
main.add_command(soak)
main.add_command(page)
main.add_command(policy)
main.add_command(connections)
main.add_command(catalogue)
main.add_command(document)
main.add_command(window)
main.add_command(million)
main.add_command(spark)

if __name__ == "__main__":
    main()
