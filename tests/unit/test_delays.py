"""Wrong passwords are answered ever more slowly; memory and waiting answers are bounded."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.errors import TooManyWrongPasswords
from banners.web.operators import delays
from banners.web.operators.delays import (
    FORGOTTEN_SECONDS,
    MOST_REMEMBERED,
    MOST_SECONDS,
    MOST_WAITING,
    Delays,
)
from banners.web.shared_memory import WRONG_PASSWORDS, SharedMemory
from support.set_clock import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def counted(clock: SetClock) -> Delays:
    return Delays(key=b"k", clock=clock)


def test_each_wrong_password_from_an_address_waits_longer(counted: Delays) -> None:
    waits = [counted.count("192.0.2.1") for _ in range(8)]
    assert waits[:5] == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert waits == sorted(waits)
    assert waits[-1] == MOST_SECONDS


def test_another_address_is_not_slowed_down_by_a_few(counted: Delays) -> None:
    for _ in range(8):
        counted.count("192.0.2.1")
    assert counted.count("192.0.2.2") == 0.25


def test_guesses_from_ever_new_addresses_wait_longer_as_well(counted: Delays) -> None:
    waits = [counted.count(f"198.51.{each // 250}.{each % 250}") for each in range(500)]
    assert waits[0] == 0.25
    assert waits[-1] == MOST_SECONDS


@pytest.mark.parametrize("address", ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"])
def test_addresses_of_one_network_count_together(counted: Delays, address: str) -> None:
    counted.count("2001:db8:0:1::99")
    assert counted.count(address) == 0.5


def test_an_address_counts_together_however_it_is_written(counted: Delays) -> None:
    counted.count("::ffff:192.0.2.1")
    assert counted.count("192.0.2.1") == 0.5


def test_what_was_wrong_is_forgotten_after_a_while(counted: Delays, clock: SetClock) -> None:
    for _ in range(8):
        counted.count("192.0.2.1")
    clock.now += FORGOTTEN_SECONDS + 1
    assert counted.count("192.0.2.1") == 0.25


def test_all_workers_count_together() -> None:
    memory = SharedMemory(3)
    first, second = (Delays(memory.wrong_passwords, key=b"k") for _ in range(2))
    first.count("192.0.2.1")
    assert second.count("192.0.2.1") == 0.5


@given(st.lists(st.text(max_size=60), max_size=50))
def test_memory_has_one_size_whoever_guesses(addresses: list[str]) -> None:
    numbers = memoryview(bytearray(8 * WRONG_PASSWORDS)).cast("d")
    counted = Delays(numbers, key=b"k", clock=lambda: 1.0)
    for address in addresses:
        assert 0 < counted.count(address) <= MOST_SECONDS
    assert len(numbers) == WRONG_PASSWORDS


def test_only_so_many_answers_wait_and_further_ones_are_refused() -> None:
    waiting: list[float] = []

    async def guess_all() -> list[BaseException | None]:
        released = asyncio.Event()

        async def sleep(seconds: float) -> None:
            waiting.append(seconds)
            await released.wait()

        held = Delays(sleep=sleep)
        guesses = [asyncio.ensure_future(held.hold_back("192.0.2.1")) for _ in range(2_000)]
        await asyncio.sleep(0)
        released.set()
        ended = await asyncio.gather(*guesses, return_exceptions=True)
        await held.hold_back("192.0.2.1")  # there is room again
        return ended

    ended = asyncio.run(guess_all())
    refused = [each for each in ended if isinstance(each, TooManyWrongPasswords)]
    assert len(waiting) == MOST_WAITING + 1
    assert len(refused) == 2_000 - MOST_WAITING
    assert {each.seconds for each in refused} == {int(MOST_SECONDS) + 1}


def test_a_wrong_password_that_is_sent_again_waits_until_it_has_been_refused_once() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    async def guess() -> None:
        held = Delays(sleep=sleep)
        again = [held.hold_back_new("192.0.2.1", "proxy", b"same") for _ in range(3)]
        await asyncio.gather(*again)
        assert len(waited) == 3
        await held.hold_back_new("192.0.2.1", "proxy", b"same")
        assert len(waited) == 3
        for number in range(MOST_REMEMBERED):
            await held.hold_back_new("192.0.2.1", "proxy", b"%d" % number)
        await held.hold_back_new("192.0.2.1", "proxy", b"same")
        assert len(waited) == 3 + MOST_REMEMBERED + 1

    asyncio.run(guess())


def test_a_server_that_stops_gives_the_longest_delay_time_to_end() -> None:
    from banners.cli.serve import GRACE_SECONDS

    assert delays.MOST_SECONDS < GRACE_SECONDS
