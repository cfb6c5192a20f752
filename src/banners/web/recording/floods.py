"""Notices when more comes from one network address than visitors can cause."""

from hashlib import blake2b

from banners.web.shared_memory import FLOOD_PLACE, FLOOD_PLACES_IN_ROW

_MINUTE = 60
# What the numbers of a place are, after the hash.
_TIME, _COUNTS = 1, 2
_NO_TIME = 0
_ROW = FLOOD_PLACE * FLOOD_PLACES_IN_ROW


class Floods:
    """Counts by network address, in the memory that all workers of a host share.

    An address is only there as a salted hash. If there are more addresses in a minute than places,
    those with the lowest counts are forgotten first: then fewer are counted than came, never more.

    Args:
        numbers: the places, all zero at first; see :mod:`banners.web.shared_memory`.
        salt: what the hashes depend on, the same for all workers, 16 to 64 bytes.
        most: how many of each kind may come from one address in a minute, 1 or more.
    """

    def __init__(self, numbers: "memoryview[int]", salt: bytes, most: int) -> None:
        self._numbers = numbers
        self._rows = len(numbers) // _ROW
        self._salt = salt
        self._most = most

    def times_above(self, network: str, second: float, *, click: bool) -> int:
        """Count a view or a click, and return how many times this minute has filled the limit.

        For a click, this is that of the views of the same address if there are more of them.

        Args:
            network: the address, or the network that counts as one.
            second: the time, in seconds since 1970 in UTC.
            click: whether it is a click; otherwise it is a view.

        Returns:
            0 up to the limit, 1 above it, 2 above twice the limit, and so on.
        """
        digest = blake2b(network.encode(), key=self._salt, digest_size=8).digest()
        # Zero stands for a free place.
        tag = int.from_bytes(digest) or 1
        numbers, minute = self._numbers, int(second // _MINUTE)
        place = self._place(tag, minute)
        kind = place + _COUNTS + click
        # Workers do not lock: a count that two of them change at the same moment may lose one.
        numbers[kind] += 1
        return max(numbers[place + _COUNTS] - 1, numbers[kind] - 1, 0) // self._most

    def _place(self, tag: int, minute: int) -> int:
        """Return where an address is counted in a minute, if need be in place of another one."""
        numbers = self._numbers
        row = tag % self._rows * _ROW
        places = range(row, row + _ROW, FLOOD_PLACE)
        found = next((place for place in places if numbers[place] == tag), None)
        if found is None:
            found = min(places, key=lambda place: self._counted(place, minute))
            numbers[found], numbers[found + _TIME] = tag, _NO_TIME
        if numbers[found + _TIME] != minute:
            numbers[found + _COUNTS] = numbers[found + _COUNTS + 1] = 0
            numbers[found + _TIME] = minute
        return found

    def _counted(self, place: int, minute: int) -> int:
        """Return how much a place has counted in a minute."""
        numbers = self._numbers
        if numbers[place + _TIME] != minute:
            return 0
        return numbers[place + _COUNTS] + numbers[place + _COUNTS + 1]
