"""Two hosts record, each in a folder of its own; one of them closes, and gets the other's files."""

import re
import shutil
import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click
import httpx
import pytest

from banners import wiring
from banners.cli.options import settings_from
from banners.cli.serve import LOOPBACK, address, listen, serve_here
from banners.collect.close.state import ClosingWatch
from banners.core.slots import slot_name
from faults.commands import Started, start_function
from faults.ledger import (
    KEY,
    PATHS,
    PERSON,
    Ledger,
    Visitors,
    assert_recorded,
    recording_with_advertiser,
)
from reference.tokens import read_token
from support.event_logs import SLOT, files_in
from support.loops import moment, settings_of
from support.recordings import SHOES
from support.running import Workplace
from support.servers import until

FAR, NEAR = "web-2", "web-1"
"""The host that only records, and the one that also closes."""


def serve(clock: str) -> None:
    """Run ``banners serve`` by a clock that a test sets."""
    path = Path(clock)
    with listen(LOOPBACK, 0) as listener:
        click.echo(f"Banners is at {address(listener)} now.")
        serve_here(
            *(listener, settings_from(), 2), exclusive=True, clock=lambda: float(path.read_text())
        )


class Hosts:
    """Two hosts with one clock.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._clock = folder / "clock"
        self.set(SLOT)
        keys = folder / "keys"
        keys.write_text("one key of links that both hosts have\n")
        of_both = recording_with_advertiser(folder, BANNERS_TOKEN_KEYS_FILE=str(keys)).variables
        self._started = {
            name: start_function(
                Workplace(folder, {**of_both, "BANNERS_HOST": name, "BANNERS_EVENTS": name}),
                serve,
                str(self._clock),
            )
            for name in (NEAR, FAR)
        }
        self._settings = settings_of(
            folder / NEAR, of_both["BANNERS_DATABASE_URL"], host=NEAR, token_keys_file=str(keys)
        )
        self.ledger = Ledger()
        self._seed = 0

    def __getitem__(self, name: str) -> Started:
        return self._started[name]

    def end(self) -> None:
        for each in self._started.values():
            each.kill()

    @property
    def now(self) -> float:
        return float(self._clock.read_text())

    def set(self, slot: int, seconds: float = 150) -> None:
        made = self._clock.with_suffix(".new")
        made.write_text(f"{moment(slot, seconds)}")
        made.replace(self._clock)

    def visit(self, requests: int, *names: str) -> None:
        """Let visitors come to some hosts, one after the other."""
        for name in names:
            self._seed += 1
            with Visitors(self[name].address, PATHS, number=2, seed=self._seed) as visitors:
                visitors.go_on(requests)
            assert not visitors.faults, visitors.faults[:3]
            self.ledger.seen |= visitors.ledger.seen
            self.ledger.clicked |= visitors.ledger.clicked
            self.ledger.converted |= visitors.ledger.converted

    def go_on_to(self, slot: int, *names: str) -> None:
        """Let the slots before this one end, until some hosts have marked that."""
        self.set(slot)
        for name in names:
            # In an open slot nothing can be shipped; once it has ended, workers seal and mark it.
            until((self.folder / name / "log" / name / f"{slot_name(slot - 1)}.marker").exists)

    def ship(self) -> None:
        """Copy what never changes any more from the far host, as rsync does."""
        target = self.folder / NEAR / "log" / FAR
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted((self.folder / FAR / "log" / FAR).iterdir()):
            if path.suffix in {".segment", ".marker"} and not (target / path.name).exists():
                shutil.copyfile(path, target / ".part")
                (target / ".part").rename(target / path.name)

    def close(self) -> dict[int, tuple[str, ...]]:
        """Close on the near host; return the slots that were, with the hosts that are missing."""
        closed = wiring.close(
            self._settings, (), lambda _: None, now=lambda: datetime.fromtimestamp(self.now, UTC)
        )
        assert not closed.problems
        return {each.slot: each.missing for each in closed.slots}

    def forget(self) -> None:
        wiring.forget_host(self._settings, FAR)

    def missed(self) -> tuple[str, ...]:
        """Return the hosts that the status page says are missing."""
        state = ClosingWatch(self.folder / NEAR, self._settings.window).look(self.now)
        return state.missing if state else ()

    def as_one(self, slots: Sequence[int]) -> dict[str, str]:
        """Return the event files that one host would have made of all segments."""
        events = self.folder / "one"
        for name in (NEAR, FAR):
            shutil.copytree(
                self.folder / name / "log" / name, events / "log" / NEAR, dirs_exist_ok=True
            )
        settings = settings_of(events, f"sqlite:///{self.folder / 'one.db'}", host=NEAR)
        now = datetime.fromtimestamp(moment(max(slots) + 1, 150), UTC)
        closed = wiring.close(settings, (), lambda _: None, now=lambda: now)
        assert [each.slot for each in closed.slots] == list(slots)
        return files_in(events)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    found = Hosts(tmp_path)
    try:
        yield found
    finally:
        found.end()


def visit_both(hosts: Hosts) -> None:
    """Visit one host, and be counted by the other as well, as behind a load balancer."""
    with (
        httpx.Client(base_url=hosts[NEAR].address, headers=PERSON) as near,
        httpx.Client(base_url=hosts[FAR].address, headers=PERSON) as far,
    ):
        found = re.search(r"/e/([\w-]+)", near.get(f"/campaigns/{SHOES}").text)
        assert found
        token = found[1]
        assert [each.get(f"/e/{token}").status_code for each in (near, far)] == [200, 200]
        links = [each.get(f"/c/{token}/2").headers["location"] for each in (far, near)]
        assert links[0] == links[1]
        order = {
            "conversion_id": "both",
            "click": links[0].partition("click=")[2],
            "revenue": "2.5",
        }
        for each in (far, near):
            (told,) = each.post("/api/v1/conversions", json=[order], headers=KEY).json()
            assert told["status"] == "accepted"
    hosts.ledger.seen.add(token)
    hosts.ledger.clicked.add((token, 2))
    hosts.ledger.converted["both"] = read_token(token).event_id(2), Decimal("2.5")


@pytest.mark.slow
def test_two_hosts_count_as_one_though_one_is_late_and_then_retired(hosts: Hosts) -> None:
    hosts.visit(60, NEAR, FAR)
    visit_both(hosts)
    hosts.go_on_to(SLOT + 1, NEAR, FAR)
    hosts.ship()
    assert hosts.close()[SLOT] == ()
    assert_recorded(hosts.ledger, hosts.folder / NEAR)

    # The far host records, but its files do not come in time.
    hosts.visit(60, NEAR, FAR)
    hosts.go_on_to(SLOT + 2, NEAR, FAR)
    assert hosts.close()[SLOT + 1] == (FAR,)
    assert hosts.missed() == (FAR,)
    with pytest.raises(AssertionError, match="are lost"):
        assert_recorded(hosts.ledger, hosts.folder / NEAR)
    hosts.ship()
    assert hosts.close()[SLOT + 1] == ()
    assert hosts.missed() == ()
    assert_recorded(hosts.ledger, hosts.folder / NEAR)

    # The far host ends for ever: its last segments come, and the marker of their slot never does.
    hosts.visit(60, NEAR, FAR)
    hosts[FAR].signal(signal.SIGTERM)
    assert hosts[FAR].wait() == 0
    hosts.ship()
    hosts.go_on_to(SLOT + 3, NEAR)
    assert hosts.close()[SLOT + 2] == (FAR,)
    hosts.forget()
    assert hosts.close()[SLOT + 2] == ()
    assert hosts.missed() == ()
    assert_recorded(hosts.ledger, hosts.folder / NEAR)
    assert len(hosts.ledger.converted) > 1

    # The open slot has a file with a header alone, which a later closing fills.
    ended = {
        name: text
        for name, text in files_in(hosts.folder / NEAR).items()
        if slot_name(SLOT + 3) not in name
    }
    assert ended == {
        name: text
        for name, text in hosts.as_one([SLOT, SLOT + 1, SLOT + 2]).items()
        if slot_name(SLOT + 3) not in name
    }
