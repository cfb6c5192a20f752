"""``banners conversions``: records the conversions of a CSV file."""

from pathlib import Path

import click

from banners import wiring
from banners.cli.options import NamedPath, database_option, settings_from
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status

_VERDICTS = ("accepted", "duplicate", "refused")


@click.command(
    epilog="""\b
Example:
  banners conversions orders.csv --key shop

The first line of FILE names the columns conversion_id, click and revenue, in
any order. The click is the text in place of {click} in the address of the
landing page. A file that is sent twice counts once. Refused rows are named with the
reason. See docs/conversions.md.

Exit status: 0 done, 1 the file cannot be read or its conversions cannot be
kept, 2 wrong usage.""",
)
@click.argument(
    "path",
    metavar="FILE",
    # Errors are reported when the file is read.
    type=NamedPath("a file", readable=False),
    help="The CSV file, in UTF-8.",
)
@click.option(
    "--key",
    "name",
    metavar="NAME",
    required=True,
    help="Who reports them: a name in BANNERS_CONVERSION_KEYS_FILE.",
)
@database_option("Accepted as by every command; recording needs no database.")
def conversions(path: Path, name: str, database_url: str | None) -> None:
    """Record an advertiser's conversions from FILE in the event log."""
    settings = settings_from(database_url=database_url)
    with stoppable() as check:
        taken = wiring.record_conversions(settings, path, name, lambda _: check())
    keep_status("The conversions are recorded.")
    counts = {str(verdict): count for verdict, count in taken.verdicts.items()}
    for line, refusal in taken.refused.items():
        echo(f"line {line}: {refusal} ({refusal.meaning})", err=True)
    more = counts.get("refused", 0) - len(taken.refused)
    if more > 0:
        echo(f"and {more:,} more refused rows", err=True)
    words = ", ".join(f"{counts.get(each, 0):,} {each}" for each in _VERDICTS)
    echo(f"{words}. Conversions count when their slots are closed: banners close")
