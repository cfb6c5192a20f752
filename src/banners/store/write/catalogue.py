"""Changes the catalogue in the database: implements ``CatalogueWriter``."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.catalogue.compare import Difference, Kind, compare
from banners.catalogue.edits import apply, refuse_overtaken
from banners.catalogue.sentences import house_sentence, summary
from banners.catalogue.versions import Edit, MadeVersion
from banners.core.catalogue import CatalogueCampaign
from banners.errors import CatalogueError, EditOvertaken, StoreClosed, counted
from banners.store.dialects.dialect import Rows
from banners.store.read.catalogue_history import differences, one_version, version_before
from banners.store.read.catalogue_rows import (
    all_campaigns,
    some_campaigns,
    version_in_force,
)
from banners.store.write.catalogue_images import refuse_two_images, with_images
from banners.store.write.catalogue_turn import turn_to_change
from banners.store.write.catalogue_version import Making, Told, write_version


class DatabaseCatalogueWriter:
    """Changes the catalogue of a database: see :class:`banners.catalogue.ports.CatalogueWriter`.

    Args:
        database: an open database; it is closed with this.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for another writer.
        on_made: called with the number of each version that was made, before another writer can
            make one.
    """

    def __init__(
        self,
        database: Engine,
        *,
        now: Callable[[], datetime],
        wait_seconds: float,
        on_made: Callable[[int], None] = lambda _number: None,
    ) -> None:
        self._database = database
        self._on_made = on_made
        self._now = now
        self._wait_seconds = wait_seconds
        self._closed = False

    def close(self) -> None:
        """Close the database; later calls raise ``StoreClosed``."""
        self._closed = True
        self._database.dispose()

    def replace(
        self,
        campaigns: Sequence[CatalogueCampaign],
        *,
        by: str,
        what: str,
        stop: Callable[[], None] = lambda: None,
    ) -> MadeVersion | None:
        """Make a version of exactly these campaigns: see ``CatalogueWriter``."""

        def until_stopped(differences: Iterable[Difference]) -> Iterator[Difference]:
            for each in differences:
                stop()
                yield each
            stop()

        with self._turn(by) as turn:
            is_kept = any(each.campaign_id == turn.house for each in campaigns)
            return turn.write(
                until_stopped(
                    compare(
                        all_campaigns(turn.run, turn.number),
                        with_images(turn.run, turn.number, campaigns),
                    )
                ),
                lambda told: f"{what}: {_in_words(told)}.",
                house=turn.house if is_kept else None,
            )

    def edit(self, edits: Sequence[Edit], *, seen: int | None, by: str) -> MadeVersion:
        """Change, add or remove single campaigns and banners: see ``CatalogueWriter``."""
        with self._turn(by) as turn:
            ids = {edit.campaign_id for edit in edits}
            before = some_campaigns(turn.run, turn.known(seen), ids)
            current = some_campaigns(turn.run, turn.number, ids)
            refuse_overtaken(edits, before, current)
            after = apply(edits, current)
            refuse_two_images(turn.run, turn.number, edits, after)
            return turn.write_some(
                list(compare(current.values(), after.values())),
                house=None if turn.house in ids - after.keys() else turn.house,
            )

    def choose_house(self, campaign_id: int | None, *, seen: int | None, by: str) -> MadeVersion:
        """Choose the house campaign: see ``CatalogueWriter``."""
        with self._turn(by) as turn:
            known = turn.known(seen)
            before = one_version(turn.run, known).version.house if known else None
            if before != turn.house:
                raise EditOvertaken([house_sentence(before, turn.house)])
            turn.refuse_unknown_house(campaign_id)
            return turn.write_some([], house=campaign_id)

    def undo(self, number: int, *, by: str) -> MadeVersion:
        """Take back what one version changed: see ``CatalogueWriter``."""
        with self._turn(by) as turn:
            made = one_version(turn.run, number).version
            undone = [each.reversed for each in differences(turn.run, number - 1, number)]
            edits = [Edit(each.campaign_id, each.banner_id, each.new) for each in undone]
            ids = {edit.campaign_id for edit in edits}
            after = some_campaigns(turn.run, number, ids)
            current = some_campaigns(turn.run, turn.number, ids)
            refuse_overtaken(edits, after, current)
            earlier = version_before(turn.run, number)
            house = turn.house_without(made.house, earlier.version.house if earlier else None)
            content = apply(edits, current)
            if house in ids:
                house = house if house in content else None
            elif house != turn.house:
                turn.refuse_unknown_house(house)
            return turn.write_some(
                list(compare(current.values(), content.values())),
                house=house,
                what=f"Undid version {number}. ",
            )

    def roll_back(self, number: int, *, by: str) -> MadeVersion:
        """Make a new version with the content of an earlier one: see ``CatalogueWriter``."""
        with self._turn(by) as turn:
            target = one_version(turn.run, number)
            made = turn.write(
                differences(turn.run, turn.number, number),
                lambda told: f"Rolled back to version {number}: {_in_words(told)}.",
                house=target.version.house,
            )
            return made or turn.latest()

    @contextlib.contextmanager
    def _turn(self, by: str) -> Iterator["_Turn"]:
        if self._closed:
            raise StoreClosed("The database has been closed. To change it, open it again.")
        with turn_to_change(self._database, wait_seconds=self._wait_seconds) as connection:
            yield _Turn(connection, by, self._now, self._on_made)


class _Turn:
    """What one writer sees and writes while no other does.

    Args:
        connection: the connection that holds the lock of the catalogue.
        by: who makes the change.
        now: returns the time in UTC.
        on_made: called with the number of a version that was made.
    """

    def __init__(
        self,
        connection: Connection,
        by: str,
        now: Callable[[], datetime],
        on_made: Callable[[int], None],
    ) -> None:
        self._on_made = on_made
        self._connection = connection
        self._by = by
        self._now = now
        with connection.begin():
            self._in_force = version_in_force(self.run)
        self.number = self._in_force.version.number if self._in_force else 0
        self.house = self._in_force.version.house if self._in_force else None

    def run(self, select: sa.Select[*tuple[object, ...]]) -> Rows:
        """Run a query over the connection."""
        return self._connection.execute(select).all()

    def latest(self) -> MadeVersion:
        """Return the version in force."""
        return one_version(self.run, self.number)

    def known(self, seen: int | None) -> int:
        """Return the number of a version that somebody saw; 0 for None.

        Raises:
            UnknownVersion: there is no such version.
        """
        return one_version(self.run, seen).version.number if seen else 0

    def house_without(self, made: int | None, before: int | None) -> int | None:
        """Return the house campaign without the change that a version made.

        Args:
            made: the house campaign of that version.
            before: the house campaign of the version before it.

        Raises:
            EditOvertaken: it has been changed again since.
        """
        if made == before:
            return self.house
        if made != self.house:
            raise EditOvertaken([house_sentence(made, self.house)])
        return before

    def refuse_unknown_house(self, campaign_id: int | None) -> None:
        """Refuse a house campaign that the version in force does not have.

        Raises:
            CatalogueError: it does not have the campaign.
        """
        if campaign_id and not some_campaigns(self.run, self.number, [campaign_id]):
            raise CatalogueError(
                f"Campaign {campaign_id} is not in the catalogue. Add it first, or choose another "
                "one."
            )

    def write_some(
        self, changed: Sequence[Difference], *, house: int | None, what: str = ""
    ) -> MadeVersion:
        """Write a few differences, and say each of the first; return what is in force then."""
        of_house = house_sentence(self.house, house) if house != self.house else ""

        def told(_: Told) -> str:
            return " ".join(filter(None, (what.strip(), summary(changed, len(changed)), of_house)))

        return self.write(changed, told, house=house) or self.latest()

    def write(
        self,
        changed: Iterable[Difference],
        what: Callable[[Told], str],
        *,
        house: int | None,
    ) -> MadeVersion | None:
        """Write a version; None if it would not differ from the one in force."""
        stream = iter(changed)
        first = next(stream, None)
        if first is None and house == self.house and self._in_force:
            return None
        making = Making(by=self._by, made_at=self._now().isoformat(), house=house)
        ahead = [] if first is None else [first]
        self._connection.commit()
        made = write_version(self._connection, making, chain(ahead, stream), what)
        self._on_made(made.version.number)
        return made


def _in_words(told: Told) -> str:
    counts = (
        (count[kind], noun, kind)
        for kind in Kind
        for noun, count in (("campaign", told.campaigns), ("banner", told.banners))
    )
    texts = [f"{counted(number, noun)} {kind}" for number, noun, kind in counts if number]
    return ", ".join(texts) or "no campaign differs"
