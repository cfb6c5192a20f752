"""A campaign's candidates as columns."""

from banners.core.candidates import Candidates
from banners.core.model import Generation, Performance, Quarter

THREE = Candidates(
    7,
    Quarter.FIRST,
    Generation(1, "s"),
    banner_ids=(30, 10, 20),
    impressions=(9, 8, 7),
    clicks=(3, 2, 0),
    conversions=(1, 0, 0),
    revenue_micros=(500_000, 0, 0),
)


def test_the_first_come_with_their_figures() -> None:
    assert list(THREE.first(2)) == [
        Performance(9, 3, 1, 500_000, banner_id=30),
        Performance(8, 2, 0, 0, banner_id=10),
    ]


def test_those_among_some_banners_stay_in_order_with_their_figures() -> None:
    assert THREE.among({20, 30, 99}) == Candidates(
        7, Quarter.FIRST, Generation(1, "s"), (30, 20), (9, 7), (3, 0), (1, 0), (500_000, 0)
    )


def test_all_of_them_are_the_same_object() -> None:
    assert THREE.among({10, 20, 30, 40}) is THREE


def test_none_of_them_are_no_candidates() -> None:
    assert len(THREE.among(set())) == 0
