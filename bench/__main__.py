"""Measures Banners against what it is held to: ``make bench``."""

import click
from claims import FOLDER
from crunch import crunch
from document import document
from page import page
from serve import serve
from soak import soak


@click.group(invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measure the crunch and serving, if no part is named.

    A claim on speed is a ratio of things that ran in turn, in one run, on one machine. The results
    are tables, and JSON in var/bench, where sample data are kept for the next time.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if ctx.invoked_subcommand is None:
        for part in (crunch, serve):
            ctx.invoke(part)


main.add_command(crunch)
main.add_command(serve)
main.add_command(soak)
main.add_command(page)
main.add_command(document)

if __name__ == "__main__":
    main()
