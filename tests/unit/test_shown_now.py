"""How often visitors see each banner of a campaign, compared with pages that are really drawn."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from banners.core.catalogue import CatalogueCampaign
from banners.core.model import FillPolicy, Quarter
from banners.core.rule import fill, line_up
from banners.core.showing import no_candidates, showing
from banners.serve.reader import LineupReader, read_candidates
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.web.catalogue.shown_now import ShownNow
from support.catalogues import banner, campaign
from support.prepared import prepared, publish_prepared
from support.publishing import publish

NOW = 1_800_000_000
# Of campaign 5, banners 100 and 101 have clicks, 102 has none; the others have no events.
BANNERS = (100, 101, 102, 201, 202, 203, 204)
SALE = campaign(5, *BANNERS, name="Sale")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[LineupReader]:
    database = open_database(f"sqlite:///{tmp_path}/banners.db", create=True)
    publish(database, 100, Quarter.FIRST)
    with closing(DatabaseReader(database)) as opened:
        yield opened


def shares(
    reader: LineupReader, shown: CatalogueCampaign, policy: FillPolicy = FillPolicy.CAMPAIGN
) -> dict[int, Fraction]:
    return dict(ShownNow(reader, lambda: policy).shares(shown, Quarter.FIRST, NOW).banners)


def test_a_share_is_how_often_a_banner_is_drawn(reader: LineupReader) -> None:
    left = showing(read_candidates(reader, 5, Quarter.FIRST), SALE, NOW).candidates
    lineup, source = line_up(left), random.Random(1)
    drawn: Counter[int] = Counter()
    pages = 20_000
    for _ in range(pages):
        drawn.update(each.banner_id for each in lineup.banners)
        drawn.update(fill(lineup, FillPolicy.CAMPAIGN, (), source))
    found = shares(reader, SALE)
    assert found.keys() == drawn.keys() == set(BANNERS)
    assert [found[each] for each in (100, 101, 102)] == [1, 1, Fraction(3, 5)]
    for banner_id, share in found.items():
        assert drawn[banner_id] / pages == pytest.approx(float(share), abs=0.02)


def test_the_lineup_comes_first(reader: LineupReader) -> None:
    assert list(shares(reader, SALE))[:2] == [100, 101]


def test_without_a_fill_only_the_lineup_is_shown(reader: LineupReader) -> None:
    assert shares(reader, SALE, FillPolicy.NONE) == {100: 1, 101: 1}


def test_few_banners_are_all_on_every_page(reader: LineupReader) -> None:
    assert shares(reader, campaign(5, 100, 102)) == {100: 1, 102: 1}


def test_a_campaign_without_events_shows_all_that_it_has(reader: LineupReader) -> None:
    assert no_candidates(77, Quarter.FIRST).banner_ids == ()
    assert shares(reader, campaign(77, 1, 2)) == {1: 1, 2: 1}


def test_under_a_policy_a_share_is_that_of_the_lineups(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/learned.db", create=True)
    publish_prepared(database, [prepared(5)], Quarter.FIRST)
    sale = campaign(5, *range(50, 58))
    with closing(DatabaseReader(database)) as reader:
        shown = ShownNow(reader, lambda: FillPolicy.CAMPAIGN)
        found = shown.shares(sale, Quarter.FIRST, NOW)
        assert found.lineups == 64
        assert list(found.banners.items()) == [
            *((each, 1) for each in range(50, 54)),
            (54, Fraction(48, 64)),
            (55, Fraction(16, 64)),
        ]
        # The place of a banner that is off goes to the one that is expected to earn most.
        off = replace(
            sale, banners=tuple(replace(each, active=each.banner_id != 50) for each in sale.banners)
        )
        assert shown.shares(off, Quarter.FIRST, NOW).banners == dict.fromkeys(range(51, 56), 1)


def test_what_is_off_is_on_no_page(reader: LineupReader) -> None:
    paused = replace(banner(101), active=False)
    banners = tuple(paused if each.banner_id == 101 else each for each in SALE.banners)
    assert 101 not in shares(reader, replace(SALE, banners=banners))
    assert shares(reader, replace(SALE, active=False)) == {}
