"""Puts the event files of a slot into place together, and moves them to the archive.

The files of a slot are made in ``closing/<slot>`` and synced. A rename of this folder to
``closing/<slot>.ready`` decides that they are in force; from then on they are put into place, if
necessary by the next run. So a slot is never half closed, even if the process is killed.
"""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from banners.collect.close.account import ClosedSlot
from banners.collect.segments.open_segment import sync_folder
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import slot_name, slot_named
from banners.errors import CollectError, InvalidSlot

_READY = ".ready"
_ACCOUNT = "account.json"
TOTALS = "totals.parquet"
"""The name of the totals in a staged folder."""
_ACCOUNTS = "closed"
# Impressions first, and conversions last: so whoever reads in between finds no conversion without
# its click. What leaves goes in the opposite order.
_ORDER = (Kind.IMPRESSIONS, Kind.CLICKS, Kind.CONVERSIONS)


class EventFolder:
    """The folder of all events: event files in use and archived, and the accounts of slots.

    Args:
        events: the folder, ``BANNERS_EVENTS``.
    """

    def __init__(self, events: Path) -> None:
        self.events = events
        self._closing = events / "closing"
        self._accounts = accounts_folder(events)

    def staged(self, slot: int) -> Path:
        """Make an empty folder for the event files of a slot."""
        folder = self._closing / slot_name(slot)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def scratch(self) -> Path:
        """Make an empty folder for temporary files."""
        folder = self._closing / "scratch"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def put_into_place(self, staged: Path, closed: ClosedSlot) -> None:
        """Put the event files of a slot and its account into place, together.

        Args:
            staged: the folder from :meth:`staged`. If the slot was counted again, it has the
                totals alone.
            closed: the account. If the slot is archived, its files go to the archive.
        """
        (staged / _ACCOUNT).write_bytes(closed.as_json().encode())
        for path in staged.iterdir():
            _sync(path)
        sync_folder(staged)
        ready = staged.with_suffix(_READY)
        staged.rename(ready)
        sync_folder(self._closing)
        self._finish(ready)

    def recover(self) -> None:
        """Finish what a killed run had decided, and remove what it had not."""
        if not self._closing.exists():
            return
        for path in sorted(self._closing.iterdir()):
            if path.suffix == _READY:
                self._finish(path)
            elif path.is_dir():
                shutil.rmtree(path)

    def closed(self, slot: int) -> ClosedSlot | None:
        """Return a slot as it was closed last; None if it was never closed.

        Raises:
            CollectError: its account is damaged.
        """
        path = self._account(slot)
        try:
            return ClosedSlot.from_json(path.read_bytes().decode())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise CollectError(
                f"{path} is not the account of a slot. Remove it, and close the slot again with: "
                f"banners close {slot_name(slot)}"
            ) from error

    def closed_slots(self) -> list[int]:
        """List the slots that have an account."""
        return sorted(accounts_in(self.events))

    def has_archived(self, slot: int) -> bool:
        """Return whether the archive has event files of a slot."""
        return any(
            self.place(Kind.IMPRESSIONS, quarter, slot, archived=True).exists()
            for quarter in Quarter
        )

    def archive(self, closed: ClosedSlot) -> None:
        """Move the event files of a slot to the archive, as far as no run has moved them before."""
        for quarter in closed.quarters:
            for kind in reversed(_ORDER):
                path = self.place(kind, quarter, closed.slot)
                target = self.place(kind, quarter, closed.slot, archived=True)
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    path.replace(target)
        self.keep_account(closed)

    def keep_account(self, closed: ClosedSlot) -> None:
        """Replace the account of a slot, and leave its event files as they are."""
        path = self._account(closed.slot)
        part = path.with_suffix(".part")
        part.write_bytes(closed.as_json().encode())
        _sync(part)
        part.replace(path)

    def forget(self, slots: Iterable[int]) -> None:
        """Remove the accounts and totals of slots."""
        for slot in slots:
            # In this order: an account says that there are totals.
            self._account(slot).unlink(missing_ok=True)
            self.totals(slot).unlink(missing_ok=True)

    def place(self, kind: Kind, quarter: Quarter, slot: int, *, archived: bool = False) -> Path:
        """Return where the event file of a kind, quarter and slot lies."""
        root = self.events / "archive" if archived else self.events
        return root / str(int(quarter)) / slot_file(kind, quarter, slot)

    def totals(self, slot: int) -> Path:
        """Return where the totals of a slot are (banners.collect.close.totals_file)."""
        return self._accounts / f"{slot_name(slot)}.parquet"

    def _account(self, slot: int) -> Path:
        return self._accounts / f"{slot_name(slot)}.json"

    def _finish(self, ready: Path) -> None:
        account = ready / _ACCOUNT
        # Without its account, everything else has been put into place.
        if account.exists():
            closed = ClosedSlot.from_json(account.read_bytes().decode())
            targets = [
                (ready / slot_file(kind, quarter, closed.slot), kind, quarter)
                for quarter in closed.quarters
                for kind in _ORDER
            ]
            for path, kind, quarter in targets:
                target = self.place(kind, quarter, closed.slot, archived=closed.archived)
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    path.replace(target)
                sync_folder(target.parent)
            self._accounts.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):
                (ready / TOTALS).replace(self.totals(closed.slot))
            account.replace(self._account(closed.slot))
            sync_folder(self._accounts)
        shutil.rmtree(ready)


def accounts_folder(events: Path) -> Path:
    """Return the folder of the accounts in the folder of all events."""
    return events / _ACCOUNTS


def accounts_in(events: Path) -> dict[int, Path]:
    """Return the file of the account of each slot that has one.

    Args:
        events: the folder of all events.
    """
    found = {}
    for path in accounts_folder(events).glob("*.json"):
        with suppress(InvalidSlot):
            found[slot_named(path.stem)] = path
    return found


def slot_file(kind: Kind, quarter: Quarter, slot: int) -> str:
    """Return the name of the event file of a slot, as in ``clicks_4-20261126T1445Z.csv``."""
    return f"{kind}_{quarter:d}-{slot_name(slot)}.csv"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
