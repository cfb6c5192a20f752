"""``banners crunch --watch`` as a process, with files that arrive, are damaged, and are fixed."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.running import Workplace

IMPRESSIONS = "banner_id,campaign_id\n10,5\n11,5\n"
CLICKS = "click_id,banner_id,campaign_id\n1,10,5\n2,11,5\n"
CONVERSIONS = "conversion_id,click_id,revenue\n1,1,0.1\n"


class Watcher:
    """A running ``banners crunch events --watch --json``, and what it says."""

    def __init__(self, process: "subprocess.Popen[str]", events: Path) -> None:
        self._process = process
        self.events = events
        self.said: list[str] = []

    def deliver(self, quarter: int, clicks: str = CLICKS, *, into: Path | None = None) -> None:
        """Put a complete quarter there, or into another folder, each file by renaming it."""
        folder = into or self.events / str(quarter)
        folder.mkdir(exist_ok=True)
        for kind, text in (
            ("impressions", IMPRESSIONS),
            ("clicks", clicks),
            ("conversions", CONVERSIONS),
        ):
            unfinished = folder / f".{kind}.part"
            unfinished.write_text(text)
            unfinished.rename(folder / f"{kind}_{quarter}.csv")

    def next_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"The watcher has ended; it said: {self.said}"
        self.said.append(line)
        return line

    def next_report(self) -> dict[int, dict[str, Any]]:
        """Read on to the next report, and give what became of each quarter that was given."""
        while not (line := self.next_line()).startswith("{"):
            pass
        quarters = json.loads(line)["quarters"]
        return {each["quarter"]: each for each in quarters if each["status"] != "not given"}

    def wait_for(self, quarter: int, status: str) -> dict[str, Any]:
        """Read on until a report says so of the quarter."""
        while (each := self.next_report().get(quarter, {})).get("status") != status:
            pass
        return each


@pytest.fixture
def watcher(workplace: Workplace) -> Iterator[Watcher]:
    events = workplace.folder / "events"
    events.mkdir()
    with workplace.start("crunch", "events", "--watch", "--json") as process:
        watching = Watcher(process, events)
        try:
            assert "Watching events" in watching.next_line()
            yield watching
            process.terminate()
            process.wait(30)
        finally:
            process.kill()


def shown(workplace: Workplace, quarter: int) -> dict[str, Any]:
    ended = workplace.run("show", "5", "--quarter", str(quarter), "--json")
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def test_a_delivery_is_published_and_only_its_quarter_again(
    watcher: Watcher, workplace: Workplace
) -> None:
    watcher.deliver(1)
    watcher.deliver(2)
    watcher.wait_for(1, "published")
    before = shown(workplace, 1)
    watcher.deliver(2, CLICKS + "3,11,5\n4,11,5\n")
    watcher.wait_for(2, "published")
    assert shown(workplace, 1) == before
    assert shown(workplace, 2)["generation"] > before["generation"]
    assert shown(workplace, 2)["lineup"][1]["clicks"] == 3


def test_the_same_content_delivered_again_is_not_crunched_again(
    watcher: Watcher, workplace: Workplace
) -> None:
    watcher.deliver(1)
    watcher.wait_for(1, "published")
    watcher.deliver(1)
    watcher.wait_for(1, "unchanged")
    assert shown(workplace, 1)["generation"] == 1


def test_a_faulty_delivery_is_refused_and_the_watcher_goes_on(
    watcher: Watcher, workplace: Workplace
) -> None:
    watcher.deliver(1)
    watcher.wait_for(1, "published")
    watcher.deliver(1, CLICKS + "x,11,5\n")
    refused = watcher.wait_for(1, "refused")
    assert "line 4: bad_id" in refused["refused"]
    assert shown(workplace, 1)["generation"] == 1
    watcher.deliver(1, CLICKS + "3,11,5\n")
    watcher.wait_for(1, "published")
    assert shown(workplace, 1)["generation"] > 1


def test_a_file_that_arrives_in_pieces_is_published_only_when_it_is_complete(
    watcher: Watcher, workplace: Workplace
) -> None:
    watcher.deliver(1)
    watcher.wait_for(1, "published")
    whole = CLICKS + "".join(f"{number},11,5\n" for number in range(3, 400))
    with (watcher.events / "1" / "clicks_1.csv").open("w") as file:
        for start in range(0, len(whole), 37):
            file.write(whole[start : start + 37])
            file.flush()
            os.fsync(file.fileno())
    watcher.wait_for(1, "published")
    assert shown(workplace, 1)["lineup"][1]["clicks"] == 398


def clicks_of(count: int) -> str:
    return CLICKS + "".join(f"{number},11,5\n" for number in range(3, count + 1))


def test_a_stream_of_good_bad_and_half_written_files_serves_the_last_good_ones(
    watcher: Watcher, workplace: Workplace
) -> None:
    here = watcher.events / "1"
    clicks, damaged = here / "clicks_1.csv", here / "clicks_1b.csv.gz"
    whole = gzip.compress(clicks_of(9).encode())

    def half_written() -> None:
        clicks.write_text(clicks_of(3)[:-3])

    def the_rest() -> None:
        clicks.write_text(clicks_of(3))

    def moved_into_place() -> None:
        new = watcher.events.parent / "new"
        watcher.deliver(1, clicks_of(5), into=new)
        here.rename(watcher.events.parent / "old")
        new.rename(here)

    for deliver, status, served in (
        (lambda: watcher.deliver(1, clicks_of(2)), "published", 2),
        (half_written, "refused", 2),
        (the_rest, "published", 3),
        (lambda: damaged.write_bytes(whole[:-20]), "refused", 3),
        (damaged.unlink, "unchanged", 3),
        (lambda: watcher.deliver(1, clicks_of(4) + "x,y,z\n"), "refused", 3),
        (moved_into_place, "published", 5),
        (clicks.unlink, "refused", 5),
        (lambda: watcher.deliver(1, clicks_of(6)), "published", 6),
    ):
        deliver()
        watcher.wait_for(1, status)
        assert shown(workplace, 1)["lineup"][1]["clicks"] == served - 1


def test_a_stream_faster_than_the_watcher_ends_with_its_last_delivery_served(
    watcher: Watcher, workplace: Workplace
) -> None:
    for count in range(2, 60):
        watcher.deliver(1, clicks_of(count) + "x,y,z\n" * (count % 3))
    watcher.deliver(1, clicks_of(60))
    while watcher.wait_for(1, "published")["accounts"][1]["accepted"] != 60:
        pass
    assert shown(workplace, 1)["lineup"][1]["clicks"] == 59


def test_a_database_that_is_away_is_waited_for(watcher: Watcher, workplace: Workplace) -> None:
    in_the_way = workplace.folder / "var"
    in_the_way.touch()
    watcher.deliver(1)
    while f"Trying again later: The folder {in_the_way} for" not in watcher.next_line():
        pass
    in_the_way.unlink()
    watcher.wait_for(1, "published")
    assert shown(workplace, 1)["generation"] == 1
