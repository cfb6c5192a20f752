"""A change of what is published is not a failure, but an outdated answer long after it is."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Quarter
from banners.errors import NothingPublished, StoreUnavailable, StressError
from banners.serve.packed import encode_candidates
from banners.stress.published import LEEWAY_SECONDS, PublishedHistory
from banners.stress.verify import Address, Answer, Fault, verify
from support.picked import candidates_of, picked

FIRST, SECOND = Quarter.FIRST, Quarter.SECOND
BOUNDARY = 900.0


class Published:
    """A fake database whose banner ids contain the generation and the quarter."""

    def __init__(self) -> None:
        self.pointers: dict[Quarter, Generation] = {FIRST: of(1), SECOND: of(1)}
        self.of_quarter: dict[Quarter, list[int]] = {FIRST: [27, 28], SECOND: [27]}
        self.reached = True
        self.looked_up: list[int] = []

    def active(self) -> Mapping[Quarter, Generation]:
        self._reach()
        return dict(self.pointers)

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        self._reach()
        self.looked_up.append(campaign_id)
        if campaign_id not in self.of_quarter[quarter]:
            return None
        banners = banners_of(generation.number, quarter, campaign_id)
        return candidates_of(picked(campaign_id, banners, generation=generation, quarter=quarter))

    def inventory(self, _generation: Generation, _quarter: Quarter) -> Sequence[int]:
        return ()

    def campaigns(self, _generation: Generation, quarter: Quarter) -> Sequence[int]:
        self._reach()
        return self.of_quarter[quarter]

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        self._reach()
        for each in self.of_quarter[quarter]:
            banners = banners_of(generation.number, quarter, each)
            lineup = picked(each, banners, generation=generation, quarter=quarter)
            yield each, encode_candidates(candidates_of(lineup))

    def close(self) -> None:
        self.reached = False

    def _reach(self) -> None:
        if not self.reached:
            raise StoreUnavailable("gone")


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


def of(number: int) -> Generation:
    return Generation(number, f"2026-01-31T10:20:{number:02}+00:00")


def banners_of(generation: int, quarter: Quarter, campaign_id: int) -> range:
    first = 100_000 * generation + 10_000 * quarter + 10 * campaign_id
    return range(first, first + 5)


def page(
    generation: int, quarter: Quarter, *, sent: float, received: float, campaign_id: int = 27
) -> Answer:
    images = "".join(
        f'src="/static/images/image_{each}.png"'
        for each in banners_of(generation, quarter, campaign_id)
    )
    return Answer(Address.PAGE, campaign_id, 200, images.encode(), b"", sent, received)


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(published: Published, clock: Clock) -> PublishedHistory:
    return begun(published, clock, at_most=10)


def begun(published: Published, clock: Clock, *, at_most: int) -> PublishedHistory:
    history = PublishedHistory(
        published,
        fill=FillPolicy.INVENTORY,
        now=clock.now,
        quarter_at=lambda moment: FIRST if moment < BOUNDARY else SECOND,
        at_most=at_most,
    )
    history.start()
    return history


def fault(history: PublishedHistory, answer: Answer) -> Fault | None:
    failure = history.verify(answer)
    return failure.fault if failure else None


def test_a_database_made_anew_does_not_have_what_the_old_one_had(
    published: Published, clock: Clock, history: PublishedHistory
) -> None:
    published.pointers[FIRST] = Generation(1, "2027-01-31T10:20:00+00:00")
    published.of_quarter[FIRST] = [28]
    clock.time = 110
    expected = history.refresh()
    assert expected is not None
    assert list(expected.campaigns) == [28]


def test_what_is_served_now_is_known_at_the_start(published: Published, clock: Clock) -> None:
    history = PublishedHistory(
        published,
        fill=FillPolicy.NONE,
        now=clock.now,
        quarter_at=lambda _: SECOND,
        at_most=10,
    )
    expected = history.start()
    assert (expected.quarter, expected.generation, expected.complete) == (SECOND, of(1), True)
    assert list(expected.campaigns) == [27]
    right = page(1, SECOND, sent=100, received=100)
    assert verify(right, expected, expected.campaigns[27]) is None


def test_both_generations_are_right_while_one_takes_over(
    published: Published, clock: Clock, history: PublishedHistory
) -> None:
    published.pointers[FIRST] = of(2)
    clock.time = 110
    expected = history.refresh()
    assert expected is not None
    assert expected.generation == of(2)
    for generation in (1, 2):
        assert fault(history, page(generation, FIRST, sent=109.0, received=109.1)) is None


def test_a_generation_served_on_for_longer_than_the_leeway_is_wrong(
    published: Published, clock: Clock, history: PublishedHistory
) -> None:
    published.pointers[FIRST] = of(2)
    clock.time = 110
    history.refresh()
    clock.time = 120
    history.refresh()
    in_time, late = 110 + LEEWAY_SECONDS - 0.1, 110 + LEEWAY_SECONDS + 0.1
    assert fault(history, page(1, FIRST, sent=in_time, received=in_time)) is None
    assert fault(history, page(1, FIRST, sent=late, received=late)) is Fault.WRONG_BANNERS
    assert fault(history, page(2, FIRST, sent=late, received=late)) is None


def test_a_generation_that_was_never_active_is_wrong(
    clock: Clock, history: PublishedHistory
) -> None:
    clock.time = 110
    history.refresh()
    assert fault(history, page(3, FIRST, sent=105, received=105)) is Fault.WRONG_BANNERS


def test_both_quarters_are_right_at_the_boundary_and_one_away_from_it(
    clock: Clock, history: PublishedHistory
) -> None:
    clock.time = BOUNDARY + 60
    history.refresh()
    for quarter in (FIRST, SECOND):
        near = page(1, quarter, sent=BOUNDARY - 0.1, received=BOUNDARY + 0.1)
        assert fault(history, near) is None
    later = BOUNDARY + 30
    assert fault(history, page(1, FIRST, sent=later, received=later)) is Fault.WRONG_BANNERS
    assert fault(history, page(1, SECOND, sent=later, received=later)) is None


def test_a_campaign_that_is_not_in_the_next_quarter_is_unknown_there(
    clock: Clock, history: PublishedHistory
) -> None:
    clock.time = BOUNDARY + 1
    history.refresh()
    unknown = Answer(Address.PAGE, 28, 404, b"", b"", BOUNDARY - 0.1, BOUNDARY + 0.1)
    assert fault(history, unknown) is None
    assert fault(history, unknown._replace(campaign_id=27)) is Fault.WRONG_STATUS


def test_a_quarter_that_is_not_published_knows_no_campaign(
    published: Published, clock: Clock, history: PublishedHistory
) -> None:
    del published.pointers[SECOND]
    clock.time = BOUNDARY + 60
    expected = history.refresh()
    assert expected is not None
    assert expected.generation is None
    unknown = Answer(Address.PAGE, 27, 404, b"", b"", BOUNDARY + 50, BOUNDARY + 50)
    assert fault(history, unknown) is None


def test_of_more_campaigns_than_are_kept_the_others_are_looked_up(
    published: Published, clock: Clock
) -> None:
    history = begun(published, clock, at_most=1)
    clock.time = 110
    history.refresh()
    right = page(1, FIRST, sent=105, received=105, campaign_id=28)
    assert fault(history, right) is None
    assert fault(history, right._replace(body=b"")) is Fault.WRONG_BANNERS
    assert fault(history, right._replace(campaign_id=29, status=404)) is None
    assert published.looked_up == [28, 28, 29]


def test_while_the_database_is_unreachable_its_last_state_is_right(
    published: Published, clock: Clock, history: PublishedHistory
) -> None:
    published.reached = False
    clock.time = 110
    assert history.refresh() is None
    assert fault(history, page(1, FIRST, sent=105, received=105)) is None
    assert fault(history, page(2, FIRST, sent=105, received=105)) is Fault.WRONG_BANNERS


def test_an_answer_that_cannot_be_verified_is_not_taken_for_right(
    published: Published, clock: Clock, history: PublishedHistory
) -> None:
    published.reached = False
    clock.time = BOUNDARY + 60
    history.refresh()
    later = BOUNDARY + 50
    assert fault(history, page(1, SECOND, sent=later, received=later)) is Fault.NOT_CHECKED


def test_nothing_published_ends_it_before_it_begins(published: Published, clock: Clock) -> None:
    published.pointers.clear()
    with pytest.raises(NothingPublished):
        begun(published, clock, at_most=10)


def test_nothing_in_this_quarter_ends_it_with_what_there_is(
    published: Published, clock: Clock
) -> None:
    del published.pointers[FIRST]
    with pytest.raises(StressError, match=r"quarter 1 of the hour.*published: quarter 2"):
        begun(published, clock, at_most=10)
