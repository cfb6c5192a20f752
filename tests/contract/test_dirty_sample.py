"""The job on a dirty sample, compared with what was planted there."""

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from banners.core.model import Quarter
from banners.crunch.files.find import check_quarter, find_quarters
from banners.errors import SourceError
from banners.sample.events import SampleSpec
from dirty.sample import Truth, write_dirty_sample
from support.engines import ENGINES, QUICK_START, require_spark
from support.running import Workplace

PUBLISHED = (0, 1, 2)

Quarters = list[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """A run of the job: how it ended, and for each quarter what it reported and what is true."""

    ended: CompletedProcess[str]
    folder: Path
    told: Quarters
    truth: list[Truth]

    def rejects(self, quarter: int) -> list[dict[str, str]]:
        with (self.folder / self.told[quarter]["rejects"]).open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Truth]]:
    events = tmp_path_factory.mktemp("sample") / "events"
    # The smallest number of impressions with which the gate accepts the faulty rows.
    truth = write_dirty_sample(events, SampleSpec(impressions=30_000))
    return events, list(truth.values())


@pytest.fixture(scope="module", params=ENGINES)
def run(
    sample: tuple[Path, list[Truth]],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Run:
    if request.param == "spark":
        require_spark()
    events, truth = sample
    workplace = Workplace(tmp_path_factory.mktemp("run"), {"JDK_JAVA_OPTIONS": QUICK_START})
    (workplace.folder / "events").symlink_to(events)
    ended = workplace.run("crunch", "events", "--engine", request.param, "--json")
    return Run(ended, workplace.folder, json.loads(ended.stdout)["quarters"], truth)


def test_the_last_quarter_is_refused_and_the_others_are_published(run: Run) -> None:
    assert run.ended.returncode == 3
    statuses = [each["status"] for each in run.told]
    assert statuses == ["published", "published", "published", "refused"]
    assert [each["objections"] for each in run.told] == [[], [], [], []]


def test_an_engine_says_nothing_of_its_own_on_the_way(run: Run) -> None:
    steps = r"quarter [1-4]: (checking|crunching|publishing|done|refused)"
    told = [line for line in run.ended.stderr.splitlines() if not re.fullmatch(steps, line)]
    assert [line for line in told if not line.startswith("Quarter 4")] == []


def test_the_refusal_names_the_file(run: Run) -> None:
    refused = run.truth[3].refused
    assert refused
    assert refused.reason == "cut"
    assert f"events/{refused.file}" in run.told[3]["refused"]


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_every_row_is_accounted_for_as_it_was_planted(run: Run, quarter: int) -> None:
    accounts = run.told[quarter]["accounts"]
    expected = run.truth[quarter].accounts
    assert accounts == [{"kind": kind, **vars(account)} for kind, account in expected.items()]


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_unseen_clicks_and_the_revenue_of_orphans_are_reported(run: Run, quarter: int) -> None:
    told, truth = run.told[quarter], run.truth[quarter]
    assert told["unseen_clicks"] == truth.unseen_clicks
    assert Decimal(told["orphan_revenue_micros"]).scaleb(-6) == truth.orphan_revenue


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_files_that_came_twice_are_skipped(run: Run, quarter: int) -> None:
    expected = [f"events/{name}" for name in run.truth[quarter].skipped]
    assert sorted(run.told[quarter]["skipped"]) == expected


@pytest.mark.parametrize("quarter", PUBLISHED)
def test_the_rejects_are_as_many_as_were_planted_for_each_reason(run: Run, quarter: int) -> None:
    found = Counter((row["kind"], row["reason"]) for row in run.rejects(quarter))
    assert found == {
        (kind, reason): affected
        for kind, account in run.truth[quarter].accounts.items()
        for reason, affected in (account.rejected | account.quarantined).items()
    }


@pytest.mark.parametrize("seed", range(18))
def test_every_fault_of_a_file_is_refused_by_name(tmp_path: Path, seed: int) -> None:
    spec = SampleSpec(100, seed=seed, quarters=(Quarter.FOURTH,))
    refused = write_dirty_sample(tmp_path, spec)[Quarter.FOURTH].refused
    assert refused
    paths = find_quarters(tmp_path)[Quarter.FOURTH]
    with pytest.raises(SourceError) as found:
        check_quarter(Quarter.FOURTH, paths, tmp_path)
    assert (refused.file or refused.kind) in str(found.value)
