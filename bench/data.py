"""Sample data, made once in ``var/bench``, and published."""

import json
import os
import random
import sys
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from claims import FOLDER, show_step
from process import Command, measure

from banners import wiring
from banners.core.figures import FIGURE_NAMES
from banners.core.model import Quarter
from banners.core.rule import line_up
from banners.serve.packed import decode_candidates
from banners.settings import load_settings
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports

BANNERS = Path(sys.executable).with_name("banners")
IMAGES = FOLDER / "images"
OPEN = {"BANNERS_OPERATORS": "open"}
"""The setting with which figures are answered to everybody, as fast as pages are."""

QUARTER = Quarter.FIRST
GENERATIONS = 2
"""Number of generations that are published, to switch between them."""


def make(name: str, *, impressions: int, campaigns: int) -> Path:
    """Make sample data unless it exists, and return its folder.

    Args:
        name: the start of the name of its folder; ``sample`` has all quarters, others only the
            first.
        impressions: the number of impressions in each quarter.
        campaigns: the number of campaigns.
    """
    folder = FOLDER / f"{name}-{impressions}-{campaigns}"
    if not (folder / "sample.json").exists():
        show_step(f"Making {folder} …")
        words: list[str | Path] = [BANNERS, "sample", folder, "--impressions", str(impressions)]
        words += ["--campaigns", str(campaigns)]
        words += [] if name == "sample" else ["--quarter", "1"]
        measure({"sample": Command(words, {"BANNERS_IMAGES": str(IMAGES)})}, 1)
    return folder


def crunch(folder: Path, *words: str, **variables: str) -> Command:
    """Return the command that crunches a folder and publishes it to a database of its own."""
    own = {"BANNERS_IMAGES": str(IMAGES), **variables}
    return Command([BANNERS, "crunch", folder, *words, *database(folder)], own)


def database(folder: Path) -> list[str]:
    """Return the option that names the database of a folder."""
    return ["--database", f"sqlite:///{folder}.db"]


def served(folder: Path) -> str:
    """Publish a folder for serving unless that is done, and return the URL of the database."""
    url = f"sqlite:///{folder}-served.db"
    with closing(reports(url)) as published:
        missing = GENERATIONS - len({each.generation for each in published.kept()})
    for _ in range(missing):
        publish(folder, url)
    return url


def publish(folder: Path, url: str, **variables: str) -> None:
    """Crunch the first quarter of a folder, and publish it."""
    show_step(f"Publishing {folder} …")
    words: list[str | Path] = [
        BANNERS,
        "crunch",
        folder,
        "--quarter",
        str(int(QUARTER)),
        "--database",
        url,
    ]
    own = {"BANNERS_IMAGES": str(IMAGES), "BANNERS_REJECTS": str(FOLDER / "rejects"), **variables}
    measure({"crunch": Command(words, own)}, 1)


def reader(url: str) -> DatabaseReader:
    """Open a database to read lineups."""
    settings = load_settings({"database_url": url}, environment={}, env_file=Path("none"))
    return wiring.reader(settings)


def reports(url: str) -> DatabaseReports:
    """Open a database to read reports."""
    settings = load_settings({"database_url": url}, environment={}, env_file=Path("none"))
    return wiring.reports(settings)


_PLAIN = sa.Table(
    "plain_lineups",
    sa.MetaData(),
    sa.Column("quarter", sa.SmallInteger, primary_key=True),
    sa.Column("campaign_id", sa.BigInteger, primary_key=True),
    sa.Column("rule", sa.String(20), nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("banner_ids", "figures", "fill_ids")),
)


def write_plain(url: str) -> None:
    """Write the live lineups to the table that the plain design reads, with lists as JSON."""
    with closing(reader(url)) as published:
        generation = published.active()[QUARTER]
        lineups = [
            line_up(decode_candidates(record, generation, QUARTER, campaign_id))
            for campaign_id, record in published.records(generation, QUARTER)
        ]
    rows = [
        {
            "quarter": int(QUARTER),
            "campaign_id": each.campaign_id,
            "rule": each.rule.value,
            "banner_ids": json.dumps([banner.banner_id for banner in each.banners]),
            "figures": json.dumps(
                [[getattr(banner, name) for name in FIGURE_NAMES] for banner in each.banners]
            ),
            "fill_ids": json.dumps(each.others),
        }
        for each in lineups
    ]
    database = sa.create_engine(sa.make_url(url))
    with database.begin() as connection:
        _PLAIN.drop(connection, checkfirst=True)
        _PLAIN.create(connection)
        connection.execute(sa.insert(_PLAIN), rows)
    database.dispose()


_PLAIN_IMPRESSIONS = sa.Table(
    "plain_impressions",
    sa.MetaData(),
    sa.Column("impression_id", sa.BigInteger, primary_key=True),
    sa.Column("campaign_id", sa.BigInteger, nullable=False),
    sa.Column("banner_id", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.DateTime, nullable=False, server_default=sa.func.now()),
)


def make_plain_impressions(url: str) -> None:
    """Make the empty table that the plain design records impressions in."""
    database = sa.create_engine(sa.make_url(url))
    with database.begin() as connection:
        _PLAIN_IMPRESSIONS.drop(connection, checkfirst=True)
        _PLAIN_IMPRESSIONS.create(connection)
    database.dispose()


def write_ids(url: str, path: Path) -> int:
    """Write the ids of all campaigns to a file, in random order.

    Returns:
        the number of campaigns.
    """
    with closing(reader(url)) as published:
        ids = list(published.campaigns(published.active()[QUARTER], QUARTER))
    random.Random(1).shuffle(ids)  # noqa: S311  # the same order each time
    path.write_text("\n".join(map(str, ids)) + "\n", encoding="ascii")
    return len(ids)


def environment() -> dict[str, str]:
    """Return the environment without any settings of Banners."""
    return {name: text for name, text in os.environ.items() if not name.startswith("BANNERS_")}
