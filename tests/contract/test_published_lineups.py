"""Lineups of other policies than the rule, from event files to what is live."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import reference.policy
from banners import wiring
from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.core.views import Group
from banners.job.kept_lineups import kept_lineups
from reference.policy import Gammas, Sums
from support.catalogues import banner, campaign
from support.event_logs import SLOT
from support.learned import Learned, crunch, published, put_catalogue, write_slots
from support.loops import settings_of

# The first slot of an hour: SLOT is in the fourth quarter.
FIRST = SLOT - 3
NOW = datetime.fromtimestamp((SLOT + 1) * 900, UTC)
LEARNED, RULED, OFF = 7, 8, 9
BANNERS = range(101, 113)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return tmp_path / "events"


def written(events: Path, *groups: Group) -> Learned:
    with_events = {LEARNED: BANNERS, RULED: BANNERS}
    return write_slots(events, FIRST, with_events, groups or (Group.RULE,), 1)


def catalogue(url: str, policy: str = "learning") -> None:
    learned = campaign(LEARNED, *BANNERS, 200)
    off = replace(banner(112), active=False)
    soon = replace(banner(201), starts=int(NOW.timestamp()) + 900)
    late = replace(banner(202), starts=int(NOW.timestamp()) + 9_000)
    kept = [each for each in learned.banners if each.banner_id != 112]
    put_catalogue(
        url,
        replace(learned, policy=policy, banners=(*kept, off, soon, late)),
        replace(campaign(RULED, *BANNERS), policy="rule"),
    )


def expected_of(learned: Learned, quarter: int, *groups: Group) -> dict[int, Gammas]:
    """What the reference expects of the candidates that are on; 200 and 201 have no events.

    The means of all are over everything: also over the campaign that the rule picks for, and over
    the banner that is off, which stands in a campaign of its own here.
    """
    by_campaign = {each: sums_of(learned, each, *groups) for each in (LEARNED, RULED)}
    off = by_campaign[LEARNED].pop(112)
    by_campaign[LEARNED] |= dict.fromkeys((200, 201), [Sums()] * 4)
    return reference.policy.expect({**by_campaign, OFF: {112: off}}, quarter)[LEARNED]


def sums_of(learned: Learned, campaign: int, *groups: Group) -> dict[int, list[Sums]]:
    """The figures of the banners of a campaign in some groups, of each quarter."""
    names = Sums.__dataclass_fields__
    return {
        each: [
            Sums(
                *(
                    sum(getattr(learned[group][campaign][each][place], name) for group in groups)
                    for name in names
                )
            )
            for place in range(4)
        ]
        for each in BANNERS
    }


def test_lineups_and_expectations_are_published_for_the_campaigns_that_learn(
    events: Path, url: str
) -> None:
    learned = written(events, Group.RULE, Group.POLICY)
    catalogue(url)
    crunch(settings_of(events, url), events, NOW)
    for quarter in Quarter:
        found = published(url, quarter, LEARNED)
        assert found is not None
        assert found.prepared is not None
        assert set(found.banner_ids) == {*BANNERS, 200, 201}
        expected = expected_of(learned, quarter, Group.RULE, Group.POLICY)
        counts = found.prepared.counts(len(found))
        for place, each in enumerate(found.banner_ids):
            micros = found.prepared.expectation(place).micros
            wanted = expected[each].expected * 1e6 if each in expected else 0
            assert micros == pytest.approx(wanted, rel=1e-9)
            assert each != 112 or counts[place] == 0
        assert sum(counts) == sum(map(len, found.prepared.lineups))
        assert found.prepared.policy is PolicyName.LEARNING
        assert found.prepared.groups.count(Group.RULE) == 6
        ruled = published(url, quarter, RULED)
        assert ruled is not None
        assert ruled.prepared is None


def test_what_is_published_is_kept_beside_the_events_of_its_views(events: Path, url: str) -> None:
    written(events)
    catalogue(url)
    crunch(settings_of(events, url), events, NOW)
    for quarter in Quarter:
        found = published(url, quarter, LEARNED)
        assert found is not None
        (kept,) = kept_lineups(events)[quarter]
        assert (kept.since, kept.generation) == (SLOT + 1, found.generation.number)
        # The campaign that the rule picks for has no shares.
        assert list(kept.campaigns()) == [(found.prepared, tuple(found.banner_ids))]


def test_the_same_events_give_the_same_lineups(events: Path, url: str) -> None:
    written(events)
    catalogue(url)
    settings = settings_of(events, url)
    crunch(settings, events, NOW)
    first = published(url, Quarter.FIRST, LEARNED)
    crunch(settings, events, NOW)
    again = published(url, Quarter.FIRST, LEARNED)
    assert first is not None
    assert again is not None
    assert again.prepared == first.prepared
    # With a setting changed, the lineups are drawn anew.
    crunch(replace(settings, holdout=12), events, NOW)
    other = published(url, Quarter.FIRST, LEARNED)
    assert other is not None
    assert other.prepared is not None
    assert other.prepared.groups.count(Group.RULE) == 12
    assert first.prepared is not None
    assert other.prepared.lineups[:52] != first.prepared.lineups[:52]


def test_lineups_are_refused_if_events_of_another_quarter_change_before_they_are_published(
    events: Path, url: str
) -> None:
    written(events)
    catalogue(url)
    (changing,) = (events / "2").glob("impressions_*.csv")

    def change(quarter: Quarter, step: str) -> None:
        if (quarter, step) == (Quarter.FIRST, "crunching"):
            changing.write_bytes(changing.read_bytes() + b"101,7,999999,rule,0,5\n")

    outcome = wiring.crunch(
        settings_of(events, url), events, [Quarter.FIRST], change, accept=True, now=lambda: NOW
    )
    refused = outcome.quarters[0].refused
    assert refused is not None
    assert f"{changing.name} changed before its result could be published" in refused
    assert outcome.generation is None


def test_the_arms_of_a_trial_learn_from_their_own_events(events: Path, url: str) -> None:
    learned = written(events, Group.RULE, Group.TRIAL_RULE, Group.TRIAL_POLICY)
    catalogue(url, "trial")
    crunch(settings_of(events, url), events, NOW)
    found = published(url, Quarter.SECOND, LEARNED)
    assert found is not None
    assert found.prepared is not None
    expected = expected_of(learned, 2, Group.TRIAL_POLICY)
    for place, each in enumerate(found.banner_ids):
        if each in expected:
            micros = found.prepared.expectation(place).micros
            assert micros == pytest.approx(expected[each].expected * 1e6, rel=1e-9)
    assert found.prepared.groups.count(Group.TRIAL_RULE) == 32


def test_the_setting_decides_for_campaigns_without_a_policy_of_their_own(
    events: Path, url: str
) -> None:
    written(events)
    catalogue(url, "")
    settings = settings_of(events, url)
    crunch(settings, events, NOW)
    ruled = published(url, Quarter.THIRD, LEARNED)
    assert ruled is not None
    assert ruled.prepared is None
    crunch(replace(settings, policy=PolicyName.LEARNING), events, NOW)
    learned = published(url, Quarter.THIRD, LEARNED)
    assert learned is not None
    assert learned.prepared is not None
    other = published(url, Quarter.THIRD, RULED)
    assert other is not None
    assert other.prepared is None
    # To go back is a setting and a publish.
    crunch(settings, events, NOW)
    again = published(url, Quarter.THIRD, LEARNED)
    assert again is not None
    assert again.prepared is None


def test_without_a_catalogue_the_rule_picks(events: Path, url: str) -> None:
    written(events)
    crunch(replace(settings_of(events, url), policy=PolicyName.LEARNING), events, NOW)
    found = published(url, Quarter.FIRST, LEARNED)
    assert found is not None
    assert found.prepared is None
