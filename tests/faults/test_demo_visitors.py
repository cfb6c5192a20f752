"""The loop from end to end over HTTP: what visitors did decides what is shown."""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.loop import DatabaseLoop
from banners.visitors.crowd import Crowd
from banners.visitors.site import Bought, Shown, Site
from reference.rule import Performance, line_up
from support.running import Workplace
from support.tiers import lineup_of

VISITS_AT_ONCE = 300
FACTOR = 200
"""How much faster time passes: a quarter of the hour in four and a half seconds."""

# The demo without its own visitors, since the test keeps a ledger of those that it sends.
DEMO = f"""if True:
    import time
    from banners.cli import demo_visitors, main
    demo_visitors.FACTOR = {FACTOR}
    demo_visitors._visiting = lambda *_: lambda: time.sleep(1e6)
    main(["demo", "--visitors", "--port", "0"])
"""

Place = tuple[Quarter, int, int]
"""A quarter of the hour, a campaign and a banner."""


class Ledger(Site):
    """A site that writes down what was asked of it, by quarter, campaign and banner."""

    def __init__(self, host: str, port: int, key: str) -> None:
        super().__init__(host, port, key)
        self.impressions: Counter[Place] = Counter()
        self.clicks: dict[str, Place] = {}
        self.conversions: Counter[Place] = Counter()
        self.revenue: defaultdict[Place, Decimal] = defaultdict(Decimal)
        self._places: dict[str, Place] = {}
        self._view: list[Place] = []

    def view(self, campaign_id: int) -> tuple[Quarter, Sequence[Shown]]:
        quarter, banners = super().view(campaign_id)
        self._view = [(quarter, campaign_id, each.banner_id) for each in banners]
        self._places = dict(zip((each.click_url for each in banners), self._view, strict=True))
        return quarter, banners

    def see(self, shown: Shown) -> None:
        super().see(shown)
        self.impressions.update(self._view)

    def click(self, shown: Shown) -> str:
        token = super().click(shown)
        self.clicks[token] = self._places[shown.click_url]
        return token

    def buy(self, bought: Sequence[Bought]) -> list[bool]:
        accepted = super().buy(bought)
        assert all(accepted)
        for each in bought:
            place = self.clicks[each.click]
            self.conversions[place] += 1
            self.revenue[place] += Decimal(each.revenue)
        return accepted

    def performance(self) -> dict[tuple[Quarter, int], list[Performance]]:
        """Return the figures of the banners by quarter and campaign."""
        clicks = Counter(self.clicks.values())
        found: defaultdict[tuple[Quarter, int], list[Performance]] = defaultdict(list)
        for place, seen in self.impressions.items():
            quarter, campaign_id, banner_id = place
            figures = clicks[place], self.conversions[place], self.revenue[place]
            found[quarter, campaign_id].append(Performance(banner_id, seen, *figures))
        return found


@contextmanager
def demo(workplace: Workplace) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", DEMO],
        cwd=workplace.folder,
        env={**workplace.environment, "BANNERS_POLICY": "rule", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.terminate()


def line_with(running: "subprocess.Popen[str]", pattern: str) -> "re.Match[str]":
    """Read the output up to a line with a pattern."""
    assert running.stdout is not None
    said = []
    for line in running.stdout:
        said.append(line)
        if found := re.search(pattern, line):
            return found
    pytest.fail("".join(said))


def test_what_visitors_did_decides_what_is_shown_to_the_last_event(workplace: Workplace) -> None:
    with demo(workplace) as running:
        place = urlsplit(line_with(running, r"Open (http://\S+)")[1])
        line_with(running, "Version 1 of the catalogue is in force")
        folder = workplace.folder / "var" / "visitors"
        _, key, _ = (folder / "conversion_keys").read_text("utf-8").split()
        ledger = Ledger(str(place.hostname), int(place.port or 0), key)
        crowd = Crowd(ledger, range(1, 7), seed=1, clock=lambda: 0.0)
        # In every quarter of the hour, before and after its first publish.
        while len(slots(folder)) < len(Quarter):
            for _ in range(VISITS_AT_ONCE):
                crowd.visit()
            line_with(running, "Closed")
        for _ in range(VISITS_AT_ONCE):
            crowd.visit()
        crowd.report(float("inf"))
        crowd.report(float("inf"))
        ledger.close()
        assert crowd.tally.failures == 0
        assert ledger.conversions.total() > 30
        # Each quarter once more, with all that has happened.
        last = max(slots(folder).values())
        while min(slots(folder).values()) <= last:
            line_with(running, "Quarter")
        shown = lineups(folder)
    expected = {
        key: [(each.banner_id, each.revenue) for each in line_up(candidates).banners]
        for key, candidates in ledger.performance().items()
    }
    assert shown == expected


def slots(folder: Path) -> dict[Quarter, int]:
    """Return for which slot each quarter was last published."""
    loop = DatabaseLoop(open_database(f"sqlite:///{folder}/banners.db", create=False)).loop()
    return {quarter: each.slot for quarter, each in loop.quarters.items()}


def lineups(folder: Path) -> dict[tuple[Quarter, int], Any]:
    """Return what is live, by quarter and campaign."""
    reader = DatabaseReader(open_database(f"sqlite:///{folder}/banners.db", create=False))
    found: dict[tuple[Quarter, int], Any] = {}
    for quarter, generation in reader.active().items():
        for campaign_id in reader.campaigns(generation, quarter):
            lineup = lineup_of(reader, generation, quarter, campaign_id)
            assert lineup is not None
            found[quarter, campaign_id] = [
                (each.banner_id, each.revenue) for each in lineup.banners
            ]
    return found
