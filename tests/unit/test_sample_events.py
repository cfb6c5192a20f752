"""What sample events are like."""

import csv
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from pathlib import Path
from statistics import mean, median, stdev

import pytest

from banners.core.model import Quarter, RuleName
from banners.errors import SampleError
from banners.sample.events import SampleSpec, banner_ids, write_events

KINDS = ("impressions", "clicks", "conversions")
SMALL = SampleSpec(impressions=2_000)
FIRST = (Quarter.FIRST,)

Pair = tuple[int, int]


def rows(folder: Path, kind: str, quarter: Quarter) -> list[list[str]]:
    with (folder / f"{quarter:d}" / f"{kind}_{quarter:d}.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def seen(folder: Path, quarter: Quarter) -> Counter[Pair]:
    return Counter(
        (int(campaign_id), int(banner_id))
        for banner_id, campaign_id in rows(folder, "impressions", quarter)
    )


def clicked(folder: Path, quarter: Quarter) -> dict[str, Pair]:
    return {
        click_id: (int(campaign_id), int(banner_id))
        for click_id, banner_id, campaign_id in rows(folder, "clicks", quarter)
    }


def rates(folder: Path, quarter: Quarter) -> dict[Pair, Fraction]:
    clicks = Counter(clicked(folder, quarter).values())
    impressions = seen(folder, quarter)
    return {pair: Fraction(clicks[pair], impressions[pair]) for pair in impressions}


def cases(folder: Path, quarter: Quarter) -> Counter[RuleName]:
    clicks = clicked(folder, quarter)
    converting: dict[int, set[int]] = {campaign_id: set() for campaign_id in range(1, 51)}
    for _, click_id, revenue in rows(folder, "conversions", quarter):
        campaign_id, banner_id = clicks[click_id]
        if campaign_id <= 50 and Decimal(revenue) > 0:
            converting[campaign_id].add(banner_id)
    return Counter(case(len(banners)) for banners in converting.values())


def case(x: int) -> RuleName:
    if x >= 10:
        return RuleName.TOP_REVENUE
    if x >= 5:
        return RuleName.ALL_CONVERTING
    return RuleName.REVENUE_THEN_CLICKS if x else RuleName.MOST_CLICKS


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("default")
    write_events(folder, SampleSpec())
    return folder


@pytest.mark.parametrize("quarter", Quarter)
def test_a_quarter_has_the_size_that_is_promised(default: Path, quarter: Quarter) -> None:
    impressions, clicks, conversions = (len(rows(default, kind, quarter)) for kind in KINDS)
    assert 150_000 <= impressions < 150_500
    assert 30_000 <= clicks <= 60_000
    assert 3_000 <= conversions <= 6_000


@pytest.mark.parametrize("quarter", Quarter)
def test_campaigns_1_to_50_share_banners_100_to_500(default: Path, quarter: Quarter) -> None:
    shared = [pair for pair in seen(default, quarter) if pair[0] <= 50]
    assert {campaign_id for campaign_id, _ in shared} == set(range(1, 51))
    assert {banner_id for _, banner_id in shared} == set(range(100, 501))
    assert len(shared) > 2 * 401


@pytest.mark.parametrize("quarter", Quarter)
def test_every_case_of_the_rule_occurs_and_most_have_ten(default: Path, quarter: Quarter) -> None:
    found = cases(default, quarter)
    assert set(found) == set(RuleName)
    assert found[RuleName.TOP_REVENUE] > 25


@pytest.mark.parametrize("seed", [2, 3, 20_261_123])
def test_every_case_of_the_rule_occurs_with_other_seeds(tmp_path: Path, seed: int) -> None:
    write_events(tmp_path, SampleSpec(impressions=75_000, seed=seed, quarters=FIRST))
    assert set(cases(tmp_path, Quarter.FIRST)) == set(RuleName)


@pytest.mark.parametrize("kind", ["clicks", "conversions"])
def test_no_id_is_taken_twice_in_any_quarter(default: Path, kind: str) -> None:
    ids = [row[0] for quarter in Quarter for row in rows(default, kind, quarter)]
    assert len(set(ids)) == len(ids)


def test_the_clicks_of_the_examples_take_no_ids_of_the_next_quarter(tmp_path: Path) -> None:
    write_events(tmp_path, SampleSpec(impressions=95))
    ids = [row[0] for quarter in Quarter for row in rows(tmp_path, "clicks", quarter)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("quarter", Quarter)
def test_every_conversion_is_of_a_click_of_its_quarter(default: Path, quarter: Quarter) -> None:
    of_clicks = {click_id for _, click_id, _ in rows(default, "conversions", quarter)}
    assert of_clicks <= clicked(default, quarter).keys()


def test_some_clicks_bring_more_than_one_conversion(default: Path) -> None:
    of_clicks = Counter(click_id for _, click_id, _ in rows(default, "conversions", Quarter.SECOND))
    assert max(of_clicks.values()) == 2


def test_a_revenue_is_a_plain_number_of_up_to_six_decimals(default: Path) -> None:
    revenues = [revenue for *_, revenue in rows(default, "conversions", Quarter.SECOND)]
    assert all(re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", revenue) for revenue in revenues)
    assert max(len(revenue.partition(".")[2]) for revenue in revenues) == 6


def test_banners_that_are_clicked_often_stay_so_in_the_next_quarter(default: Path) -> None:
    before, after = rates(default, Quarter.FIRST), rates(default, Quarter.SECOND)
    best = sorted(after, key=lambda pair: before.get(pair, 0), reverse=True)[: len(after) // 10]
    usual = median(after.values())
    assert sum(after[pair] > usual for pair in best) > 0.9 * len(best)


def test_banners_differ_more_than_chance_would_have_it(default: Path) -> None:
    impressions = seen(default, Quarter.SECOND)
    often = [
        rate for pair, rate in rates(default, Quarter.SECOND).items() if impressions[pair] > 50
    ]
    by_chance = sqrt(mean(often) * (1 - mean(often)) / 50)
    assert stdev(often) > 1.5 * by_chance


def test_each_quarter_has_events_of_its_own(default: Path) -> None:
    one, other = (rows(default, "impressions", quarter) for quarter in list(Quarter)[1:3])
    assert one != other


def test_banners_that_are_clicked_often_convert_neither_better_nor_worse(default: Path) -> None:
    of_clicks = clicked(default, Quarter.SECOND)
    clicks = Counter(of_clicks.values())
    conversions = Counter(
        of_clicks[click_id] for _, click_id, _ in rows(default, "conversions", Quarter.SECOND)
    )
    found = rates(default, Quarter.SECOND)
    usual = median(found.values())

    def share(pairs: list[Pair]) -> float:
        return sum(conversions[pair] for pair in pairs) / sum(clicks[pair] for pair in pairs)

    often = [pair for pair, rate in found.items() if rate > usual]
    rarely = [pair for pair, rate in found.items() if rate <= usual]
    assert share(often) == pytest.approx(share(rarely), rel=0.15)


def test_the_header_is_the_one_that_is_promised(default: Path) -> None:
    headers = [(default / "3" / f"{kind}_3.csv").read_bytes().split(b"\n")[0] for kind in KINDS]
    assert headers == [
        b"banner_id,campaign_id",
        b"click_id,banner_id,campaign_id",
        b"conversion_id,click_id,revenue",
    ]


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_threads(
    tmp_path: Path, default: Path
) -> None:
    write_events(tmp_path / "one", SampleSpec(), threads=1)
    write_events(tmp_path / "two", SampleSpec(), threads=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(default)


def test_a_quarter_is_the_same_whether_the_others_are_made_or_not(tmp_path: Path) -> None:
    write_events(tmp_path / "all", SMALL)
    write_events(tmp_path / "third", SampleSpec(impressions=2_000, quarters=(Quarter.THIRD,)))
    alone = contents(tmp_path / "third" / "3")
    assert alone == contents(tmp_path / "all" / "3")


def test_another_seed_gives_other_events(tmp_path: Path) -> None:
    write_events(tmp_path / "one", SampleSpec(impressions=2_000, seed=1, quarters=FIRST))
    write_events(tmp_path / "two", SampleSpec(impressions=2_000, seed=2, quarters=FIRST))
    assert contents(tmp_path / "one" / "1") != contents(tmp_path / "two" / "1")


def test_more_than_50_campaigns_have_50_banners_each_of_their_own(tmp_path: Path) -> None:
    spec = SampleSpec(impressions=60_000, campaigns=60, quarters=FIRST)
    write_events(tmp_path, spec)
    found = seen(tmp_path, Quarter.FIRST)
    assert Counter(campaign_id for campaign_id, _ in found) == dict.fromkeys(range(1, 61), 50)
    assert sorted(banner_id for _, banner_id in found) == list(banner_ids(spec))


def test_twenty_thousand_campaigns_are_twenty_thousand(tmp_path: Path) -> None:
    write_events(tmp_path, SampleSpec(impressions=400_000, campaigns=20_000, quarters=FIRST))
    found = {campaign_id for campaign_id, _ in seen(tmp_path, Quarter.FIRST)}
    assert found == set(range(1, 20_001))


def test_the_inventory_of_the_default_sample_is_100_to_500() -> None:
    assert list(banner_ids(SampleSpec())) == list(range(100, 501))


@pytest.mark.parametrize(
    ("impressions", "campaigns", "seed"),
    [(0, 50, 1), (-1, 50, 1), (10**12 + 1, 50, 1), (1, 0, 1), (1, 10**13, 1), (1, 1, -1)],
)
def test_a_spec_out_of_range_is_refused(impressions: int, campaigns: int, seed: int) -> None:
    with pytest.raises(SampleError, match="Give a number from"):
        SampleSpec(impressions=impressions, campaigns=campaigns, seed=seed)


def test_a_sample_of_no_quarter_is_refused() -> None:
    with pytest.raises(SampleError, match="at least one quarter"):
        SampleSpec(quarters=())


def test_the_smallest_sample_can_be_made(tmp_path: Path) -> None:
    spec = SampleSpec(impressions=1, campaigns=1)
    write_events(tmp_path, spec)
    assert len(rows(tmp_path, "impressions", Quarter.SECOND)) == 1
