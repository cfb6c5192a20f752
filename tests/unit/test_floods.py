"""Views and clicks are counted by network address, against a model that reads line by line."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from banners.core.proxies import client_network
from banners.web.recording.floods import Floods
from banners.web.shared_memory import FLOOD_PLACE, FLOOD_PLACES_IN_ROW, SharedMemory

SALT = b"a salt of 16 bytes"
NETWORKS = ["203.0.113.7", "203.0.113.8", "2001:db8::/64"]
NOON = 1_764_072_000.0

event = st.tuples(
    st.sampled_from(NETWORKS), st.sampled_from([0.0, 1.0, 59.0, 60.0, 61.0, 3_600.0]), st.booleans()
)


def memory(rows: int = 64) -> "memoryview[int]":
    numbers = bytearray(8 * rows * FLOOD_PLACES_IN_ROW * FLOOD_PLACE)
    return memoryview(numbers).cast("Q")


class Model:
    """Counts everything for ever: what may be counted, if there is room for it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.counts: Counter[tuple[str, int, bool]] = Counter()

    def is_flood(self, network: str, second: float, *, click: bool) -> bool:
        minute = int(second // 60)
        self.counts[network, minute, click] += 1
        views, clicks = (self.counts[network, minute, kind] for kind in (False, True))
        return views > self.most or (click and clicks > self.most)


@given(st.lists(event, max_size=60), st.integers(1, 4))
def test_few_addresses_are_counted_as_by_the_model(
    events: list[tuple[str, float, bool]], most: int
) -> None:
    floods, model = Floods(memory(), SALT, most), Model(most)
    now = NOON
    for network, later, click in events:
        # Forwards only: a clock that was set back may have forgotten what it counted.
        now += later
        expected = model.is_flood(network, now, click=click)
        assert (floods.times_above(network, now, click=click) > 0) == expected


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=300),
    st.integers(1, 5),
    st.integers(-7_200, 7_200),
)
def test_with_too_little_room_and_any_clock_nobody_is_wrongly_taken_for_a_flood(
    events: list[tuple[int, bool]], most: int, jump: int
) -> None:
    floods, model = Floods(memory(rows=1), SALT, most), Model(most)
    for number, (host, click) in enumerate(events):
        now = NOON + (jump if number % 7 == 0 else 0)
        network = f"203.0.113.{host}"
        allowed = model.is_flood(network, now, click=click)
        assert not floods.times_above(network, now, click=click) or allowed


def test_a_flood_is_noticed_among_more_addresses_than_there_is_room_for() -> None:
    floods = Floods(memory(rows=1), SALT, 50)
    flagged = 0
    for number in range(3_000):
        flagged += floods.times_above("203.0.113.7", NOON, click=False) > 0
        floods.times_above(f"198.51.{number % 250}.{number // 250}", NOON, click=False)
    assert flagged == 2_950


def test_all_workers_count_together() -> None:
    shared = SharedMemory(3)
    first, second = (Floods(shared.floods, shared.flood_salt, 3) for _ in range(2))
    verdicts = [
        worker.times_above("203.0.113.7", NOON, click=False)
        for worker in (first, second, first, second)
    ]
    assert verdicts == [0, 0, 0, 1]


def test_an_address_is_in_the_memory_only_as_a_hash_that_differs_at_each_start() -> None:
    one, other = SharedMemory(), SharedMemory()
    for shared in (one, other):
        Floods(shared.floods, shared.flood_salt, 3).times_above("203.0.113.7", NOON, click=False)
    assert b"203.0.113.7" not in bytes(one.floods)
    assert bytes(one.floods) != bytes(other.floods)


def test_addresses_of_one_client_are_one_network() -> None:
    assert client_network("2001:db8:0:1:2::3") == client_network("2001:db8:0:1:ffff::")
    assert client_network("2001:db8:0:1::3") != client_network("2001:db8:0:2::3")
    assert client_network("::ffff:203.0.113.7") == client_network("203.0.113.7") == "203.0.113.7"
    assert client_network("fe80::1%eth0") == client_network("fe80::2")
    assert client_network("not:an:address") == "not:an:address"
