"""Estimates what another policy would have earned, from the event log and the kept lineups."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import fsum
from pathlib import Path
from tempfile import TemporaryDirectory

from banners.collect.close.logged import LoggedCampaign, logged_campaigns
from banners.collect.close.run import on_disk
from banners.core.arms import ARMS
from banners.core.figures import MICROS
from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.totals import TOGETHER
from banners.errors import CollectError, FiguresError
from banners.job.kept_lineups import KeptLineups, kept_lineups
from banners.policies.evaluation import Estimate, LoggedBanner, evaluate, total
from banners.serve.packed_lineups import DamagedLineups

TARGETS = (PolicyName.RULE, PolicyName.LEARNING)
"""The policies that can be evaluated: those whose lineups are published side by side."""

_LOG = logging.getLogger(__name__)

_FILES_AT_ONCE = 4
"""Maximum number of files in memory: slots are read in order, and each needs one file or two."""


class LeftOut(StrEnum):
    """The reason why pages are not evaluated."""

    PLACES = "places"
    """The policies show different numbers of banners on a page."""

    ALTERED = "altered"
    """A pause changed lineups of the campaign in the slot."""

    SINGLE = "single"
    """The view shows only a part of a lineup, such as a single banner."""

    DAMAGED = "damaged"
    """The file with the lineups is damaged."""

    RULE = "rule"
    """The rule alone picked the lineups, or they are not kept."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a policy would have earned on some pages.

    Args:
        pages: the number of pages.
        earned: what was earned on these pages.
        estimate: what the policy would have earned on them.
    """

    pages: int
    earned: float
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What other policies would have earned.

    Args:
        slots: the slots whose pages were evaluated, in order.
        left_out: number of pages that were not evaluated, by reason.
        campaigns: what each policy would have earned in each campaign and, if all were asked for,
            as campaign ``TOGETHER`` in all of them together.
    """

    slots: Sequence[int]
    left_out: Mapping[LeftOut, int]
    campaigns: Mapping[int, Mapping[PolicyName, Evaluated]]


@dataclass(slots=True)
class _Sums:
    """The sums over slots of a campaign and a policy."""

    earned: float = 0.0
    estimates: list[tuple[Estimate, int]] = field(default_factory=list)

    def evaluated(self) -> Evaluated:
        pages = sum(count for _, count in self.estimates)
        return Evaluated(pages, self.earned, total(self.estimates))


def evaluate_log(
    events: Path,
    until: int,
    memory: str,
    *,
    campaign_id: int | None = None,
    on_slot: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Estimate what each policy would have earned on the pages of closed slots.

    Args:
        events: the folder of all events.
        until: the first slot that has not ended.
        memory: memory limit of DuckDB, such as ``2GB``.
        campaign_id: the campaign; None for all.
        on_slot: called with each slot before it is read.

    Raises:
        CollectError: no lineups are kept, or the log cannot be read.
    """
    kept = kept_lineups(events)
    begun = [of_quarter[0].since for of_quarter in kept.values() if of_quarter]
    if not begun:
        raise CollectError(
            f"No lineups of a policy other than the rule are kept in {events / 'published'}, so "
            "nothing can be evaluated. Set BANNERS_POLICY to learning or trial, and evaluate "
            "again once pages have been served with it."
        )
    published = _Published(kept)
    sums: dict[tuple[int, PolicyName], _Sums] = defaultdict(_Sums)
    left_out: Counter[LeftOut] = Counter()
    slots: set[int] = set()
    wanted = range(min(begun), until)
    with on_disk(events), TemporaryDirectory() as scratch:
        for logged in logged_campaigns(events, wanted, Path(scratch), memory, on_slot):
            if campaign_id not in {None, logged.campaign_id}:
                continue
            found = _evaluated(logged, published)
            if isinstance(found, LeftOut):
                left_out[found] += logged.pages
                continue
            slots.add(logged.slot)
            for policy, estimate in found.items():
                for each in (logged.campaign_id, *([TOGETHER] if campaign_id is None else [])):
                    sums[each, policy].earned += _earned(logged)
                    sums[each, policy].estimates.append((estimate, logged.pages))
    campaigns: dict[int, dict[PolicyName, Evaluated]] = defaultdict(dict)
    for (each, policy), of_policy in sorted(sums.items()):
        campaigns[each][policy] = of_policy.evaluated()
    return Evaluation(slots=sorted(slots), left_out=left_out, campaigns=campaigns)


class _Published:
    """The lineups that are kept; a few of the files that were read last are in memory."""

    def __init__(self, kept: Mapping[Quarter, Sequence[KeptLineups]]) -> None:
        self._kept = kept
        self._read: dict[Path, dict[int, tuple[PreparedLineups, tuple[int, ...]]] | None] = {}

    def of(self, logged: LoggedCampaign) -> tuple[PreparedLineups, tuple[int, ...]] | LeftOut:
        """Return the lineups that pages were served from, and their banners; or why not known."""
        fitting = [
            each
            for each in self._kept.get(logged.quarter, ())
            if each.generation == logged.generation and each.since <= logged.slot
        ]
        if not fitting:
            return LeftOut.RULE
        path = fitting[-1].path
        if path not in self._read:
            if len(self._read) == _FILES_AT_ONCE:
                del self._read[next(iter(self._read))]
            self._read[path] = self._campaigns(fitting[-1])
        campaigns = self._read[path]
        if campaigns is None:
            return LeftOut.DAMAGED
        return campaigns.get(logged.campaign_id, LeftOut.RULE)

    def _campaigns(
        self, kept: KeptLineups
    ) -> dict[int, tuple[PreparedLineups, tuple[int, ...]]] | None:
        try:
            return {each.campaign_id: (each, banners) for each, banners in kept.campaigns()}
        except DamagedLineups as error:
            _LOG.warning("The published lineups in %s are damaged: %s", kept.path, error)
            return None


def _evaluated(
    logged: LoggedCampaign, published: _Published
) -> Mapping[PolicyName, Estimate] | LeftOut:
    """Return what each policy would have earned on each page, or why that cannot be said."""
    found = published.of(logged)
    if isinstance(found, LeftOut):
        return found
    prepared, banner_ids = found
    if not prepared.expectations:
        return LeftOut.RULE
    sizes = {len(lineup) for lineup in prepared.lineups}
    if logged.places not in sizes:
        return LeftOut.SINGLE
    # The other pages are no longer a random sample of the lineups, so all are left out.
    if logged.altered:
        return LeftOut.ALTERED
    estimates = {}
    for policy, lineups in _by_policy(prepared).items():
        try:
            banners = _banners(logged, prepared, banner_ids, lineups)
            estimates[policy] = evaluate(banners, logged.pages)
        except FiguresError:
            return LeftOut.PLACES
    return estimates


def _by_policy(prepared: PreparedLineups) -> Mapping[PolicyName, Sequence[tuple[int, ...]]]:
    """Return the lineups that each policy made."""
    found: dict[PolicyName, list[tuple[int, ...]]] = {each: [] for each in TARGETS}
    for group, lineup in zip(prepared.groups, prepared.lineups, strict=True):
        _, is_policy = ARMS[group]
        found[PolicyName.LEARNING if is_policy else PolicyName.RULE].append(lineup)
    return {policy: lineups for policy, lineups in found.items() if lineups}


def _banners(
    logged: LoggedCampaign,
    prepared: PreparedLineups,
    banner_ids: Sequence[int],
    target: Iterable[tuple[int, ...]],
) -> list[LoggedBanner]:
    shares, targets = (_shares(each) for each in (prepared.lineups, list(target)))
    banners = []
    for index in shares:
        expected = prepared.expectation(index)
        figures = logged.banners.get(banner_ids[index])
        banners.append(
            LoggedBanner(
                share=shares[index],
                target=targets.get(index, 0.0),
                impressions=figures.impressions if figures else 0,
                revenue=figures.micros / MICROS if figures else 0.0,
                revenue_squares=figures.squares / MICROS**2 if figures else 0.0,
                expected=expected.micros / MICROS,
                value=expected.revenue_per_conversion,
            )
        )
    return banners


def _shares(lineups: Sequence[tuple[int, ...]]) -> dict[int, float]:
    """Return the share of the lineups that each candidate is in, of those that are in any."""
    counts = Counter(each for lineup in lineups for each in lineup)
    return {index: count / len(lineups) for index, count in sorted(counts.items())}


def _earned(logged: LoggedCampaign) -> float:
    return float(fsum(each.micros for each in logged.banners.values()) / MICROS)
