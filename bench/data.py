"""The data that is measured with: samples, made once in ``var/bench``, and published."""

import os
import random
import sys
from contextlib import closing
from pathlib import Path

from claims import FOLDER, tell
from process import Command, measure

from banners import wiring
from banners.model import Quarter
from banners.settings import load_settings
from banners.store.read import DatabaseReader
from banners.store.report import DatabaseReports

BANNERS = Path(sys.executable).with_name("banners")
IMAGES = FOLDER / "images"
QUARTER = Quarter.FIRST
GENERATIONS = 2
"""So many generations what is served is published as, to switch between them."""


def make(name: str, *, impressions: int, campaigns: int) -> Path:
    """Make sample data where it is not there yet.

    Args:
        name: of its folder, with the figures behind it; of ``sample`` all quarters are made, of
            others the first.
        impressions: of each quarter.
        campaigns: how many there are.
    """
    folder = FOLDER / f"{name}-{impressions}-{campaigns}"
    if not (folder / "sample.json").exists():
        tell(f"Making {folder} …")
        words: list[str | Path] = [BANNERS, "sample", folder, "--impressions", str(impressions)]
        words += ["--campaigns", str(campaigns)]
        words += [] if name == "sample" else ["--quarter", "1"]
        measure({"sample": Command(words, {"BANNERS_IMAGES": str(IMAGES)})}, 1)
    return folder


def crunch(folder: Path, *words: str, **variables: str) -> Command:
    """Crunch and publish a folder into a database of its own."""
    own = {"BANNERS_IMAGES": str(IMAGES), **variables}
    return Command([BANNERS, "crunch", folder, *words, *database(folder)], own)


def database(folder: Path) -> list[str]:
    """Name the database of a folder."""
    return ["--database", f"sqlite:///{folder}.db"]


def served(folder: Path) -> str:
    """Publish a folder for serving, if that is not done yet, and name the database."""
    url = f"sqlite:///{folder}-served.db"
    with closing(reports(url)) as published:
        missing = GENERATIONS - len({each.generation for each in published.kept()})
    for _ in range(missing):
        publish(folder, url)
    return url


def publish(folder: Path, url: str, **variables: str) -> None:
    """Crunch a folder's first quarter, and publish it."""
    tell(f"Publishing {folder} …")
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
    """Open what is published."""
    settings = load_settings({"database_url": url}, environment={}, env_file=Path("none"))
    return wiring.reader(settings)


def reports(url: str) -> DatabaseReports:
    """Open what is published for reports."""
    settings = load_settings({"database_url": url}, environment={}, env_file=Path("none"))
    return wiring.reports(settings)


def write_ids(url: str, path: Path) -> int:
    """Write the ids of all campaigns to a file, in an order that no database has them in.

    Returns:
        How many they are.
    """
    with closing(reader(url)) as published:
        ids = list(published.campaigns(published.active()[QUARTER], QUARTER))
    random.Random(1).shuffle(ids)  # noqa: S311  # the same order each time
    path.write_text("\n".join(map(str, ids)) + "\n", encoding="ascii")
    return len(ids)


def environment() -> dict[str, str]:
    """Give the environment, without settings that somebody else may have made."""
    return {name: text for name, text in os.environ.items() if not name.startswith("BANNERS_")}
