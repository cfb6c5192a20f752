"""With a catalogue, a stress test expects what the catalogue lets be shown at the time."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Performance, Quarter
from banners.errors import StoreUnavailable
from banners.serve.catalogue import Catalogue
from banners.serve.packed import encode_candidates
from banners.stress.published import PublishedHistory
from banners.stress.verify import Address, Answer, Fault
from support.held_catalogues import GENERATION, banner, campaign, candidates_of, catalogue_of

SHOES, BOOTS, OTHER = 7, 8, 9
START = 1_000_000
FIRST = Quarter.FIRST


class Published:
    """Figures of three campaigns of six banners each, of which the first all convert."""

    def active(self) -> Mapping[Quarter, Generation]:
        return {FIRST: GENERATION}

    def candidates(self, _: Generation, __: Quarter, campaign_id: int) -> Candidates | None:
        ranked = [
            Performance(9, 9, 1, 100 - place, banner_id=10 * campaign_id + place)
            for place in range(6)
        ]
        known = campaign_id in (SHOES, BOOTS, OTHER)
        return candidates_of(ranked, campaign_id) if known else None

    def records(self, _: Generation, __: Quarter) -> Iterable[tuple[int, bytes]]:
        for campaign_id in self.campaigns(GENERATION, FIRST):
            found = self.candidates(GENERATION, FIRST, campaign_id)
            assert found is not None
            yield campaign_id, encode_candidates(found)

    def campaigns(self, _: Generation, __: Quarter) -> Sequence[int]:
        return (SHOES, BOOTS, OTHER)

    def inventory(self, _: Generation, __: Quarter) -> Sequence[int]:
        return ()

    def close(self) -> None:
        """It holds nothing."""


class Stressed:
    """A stress test whose clock and catalogue a test sets."""

    def __init__(self, catalogue: Catalogue, *, at_most: int = 10) -> None:
        self.catalogue: Catalogue | None = catalogue
        self.time = 100.0
        self.history = PublishedHistory(
            Published(),
            fill=None,
            now=lambda: self.time,
            quarter_at=lambda _: FIRST,
            at_most=at_most,
            second_at=lambda moment: START + moment,
            catalogue=self._in_force,
        )

    def _in_force(self) -> Catalogue:
        if self.catalogue is None:
            raise StoreUnavailable("gone")
        return self.catalogue

    def fault(
        self, *banners: int, status: int = 200, address: Address = Address.PAGE, of: int = SHOES
    ) -> Fault | None:
        """Verify an answer that comes now."""
        images = "".join(f'src="/static/images/image_{each}.png"' for each in banners)
        location = f"/static/images/image_{banners[0]}.png".encode() if banners else b""
        now = self.time
        answer = Answer(address, of, status, images.encode(), location, now, now)
        failure = self.history.verify(answer)
        return failure.fault if failure else None


def catalogue(*, number: int = 1, off: int = 0, ends: int | None = None) -> Catalogue:
    shoes = [banner(each, active=each != off) for each in range(70, 76)]
    return catalogue_of(
        campaign(SHOES, *shoes, ends=ends), campaign(BOOTS, banner(80), active=False), number=number
    )


def test_only_campaigns_that_show_something_are_requested() -> None:
    assert list(Stressed(catalogue()).history.start().campaigns) == [SHOES]
    assert len(Stressed(catalogue(), at_most=1).history.start().campaigns) == 1


def test_a_banner_that_is_paused_is_expected_nowhere() -> None:
    stressed = Stressed(catalogue(off=72))
    stressed.history.start()
    assert stressed.fault(70, 71, 73, 74, 75) is None
    assert stressed.fault(70, 71, 72, 73, 74, 75) is Fault.WRONG_BANNERS


def test_a_new_version_is_expected_as_soon_as_it_is_there_and_the_old_one_for_a_while() -> None:
    stressed = Stressed(catalogue())
    stressed.history.start()
    stressed.time, stressed.catalogue = 101, catalogue(number=2, off=70)
    stressed.history.refresh()
    assert stressed.fault(70, 71, 72, 73, 74, 75) is None
    assert stressed.fault(71, 72, 73, 74, 75) is None
    stressed.time = 110
    stressed.history.refresh()
    assert stressed.fault(70, 71, 72, 73, 74, 75) is Fault.WRONG_BANNERS
    assert stressed.fault(71, 72, 73, 74, 75) is None


def test_a_campaign_that_ends_is_expected_to_be_off_from_then_on() -> None:
    stressed = Stressed(catalogue(ends=START + 200))
    stressed.history.start()
    stressed.time = 190
    assert stressed.fault(70, 71, 72, 73, 74, 75) is None
    stressed.time = 210
    assert stressed.fault(70, 71, 72, 73, 74, 75) is Fault.WRONG_STATUS
    assert stressed.fault(status=404) is None


@pytest.mark.parametrize("status", [200, 302, 404])
def test_an_embed_of_a_campaign_that_is_off_may_show_the_house_or_nothing(status: int) -> None:
    stressed = Stressed(catalogue())
    stressed.history.start()
    assert stressed.fault(90, status=status, address=Address.BANNER, of=BOOTS) is None


def test_a_campaign_that_the_catalogue_does_not_have_is_expected_to_be_unknown() -> None:
    stressed = Stressed(catalogue())
    stressed.history.start()
    assert stressed.fault(status=404, of=OTHER) is None
    assert stressed.fault(90, 91, of=OTHER) is Fault.WRONG_STATUS


def test_the_last_catalogue_counts_while_the_database_is_gone() -> None:
    stressed = Stressed(catalogue(off=72))
    stressed.history.start()
    stressed.catalogue = None
    assert stressed.history.refresh() is None
    assert stressed.fault(70, 71, 73, 74, 75) is None


def test_the_inventory_is_all_that_is_on() -> None:
    shoes = campaign(SHOES, banner(70), banner(71))
    others = campaign(BOOTS, banner(80), banner(81, active=False), banner(82), banner(83))
    stressed = Stressed(catalogue_of(shoes, others, campaign(OTHER, banner(90), active=False)))
    stressed.history = PublishedHistory(
        Published(),
        fill=FillPolicy.INVENTORY,
        now=lambda: stressed.time,
        quarter_at=lambda _: FIRST,
        at_most=10,
        second_at=lambda moment: START + moment,
        catalogue=lambda: stressed.catalogue or catalogue(),
    )
    stressed.history.start()
    assert stressed.fault(70, 71, 80, 82, 83) is None
    assert stressed.fault(70, 71, 80, 81, 82) is Fault.WRONG_BANNERS
    assert stressed.fault(70, 71, 80, 82, 90) is Fault.WRONG_BANNERS
