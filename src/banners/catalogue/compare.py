"""Compares two catalogues: what was added, removed and changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TypeVar

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign

Entry = CatalogueCampaign | CatalogueBanner
Value = str | int | bool | None

_Item = TypeVar("_Item")
_APART = {"campaign_id", "banner_id", "banners"}


class Kind(StrEnum):
    """What became of a campaign or a banner between two catalogues."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value that differs.

    Args:
        field: the name of the field of :class:`CatalogueCampaign` or :class:`CatalogueBanner`.
        old: its value before.
        new: its value after.
    """

    field: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True)
class Difference:
    """A campaign, or a banner of a campaign, that differs between two catalogues.

    Args:
        campaign_id: the campaign.
        banner_id: the banner of it; None if it is the campaign itself.
        old: what it was, a campaign without its banners; None if it was added.
        new: what it is now; None if it was removed.
    """

    campaign_id: int
    banner_id: int | None
    old: Entry | None
    new: Entry | None

    @property
    def kind(self) -> Kind:
        """Whether it was added, removed or changed."""
        if self.old is None:
            return Kind.ADDED
        return Kind.REMOVED if self.new is None else Kind.CHANGED

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """The values that differ; none if it was added or removed."""
        if self.old is None or self.new is None:
            return ()
        names = [each.name for each in fields(self.new) if each.name not in _APART]
        pairs = [(name, getattr(self.old, name), getattr(self.new, name)) for name in names]
        return tuple(FieldChange(name, old, new) for name, old, new in pairs if old != new)

    @property
    def reversed(self) -> "Difference":
        """The difference that takes this one back."""
        return Difference(self.campaign_id, self.banner_id, self.new, self.old)


def compare(
    old: Iterable[CatalogueCampaign], new: Iterable[CatalogueCampaign]
) -> Iterator[Difference]:
    """Return what differs, each campaign before its banners, sorted by id.

    Args:
        old: the campaigns before, sorted by id; read once, as far as needed.
        new: the campaigns after, likewise.
    """
    for campaign_id, before, after in _side_by_side(old, new, lambda each: each.campaign_id):
        first, second = _alone(before), _alone(after)
        if first != second:
            yield Difference(campaign_id, None, first, second)
        banners = _side_by_side(
            before.banners if before else (),
            after.banners if after else (),
            lambda each: each.banner_id,
        )
        for banner_id, was, is_now in banners:
            if was != is_now:
                yield Difference(campaign_id, banner_id, was, is_now)


def _alone(campaign: CatalogueCampaign | None) -> CatalogueCampaign | None:
    return replace(campaign, banners=()) if campaign else None


def _side_by_side(
    old: Iterable[_Item], new: Iterable[_Item], key: Callable[[_Item], int]
) -> Iterator[tuple[int, _Item | None, _Item | None]]:
    """Merge two sorted streams by key; None stands where a stream lacks the key."""
    left, right = iter(old), iter(new)
    before, after = next(left, None), next(right, None)
    while before is not None or after is not None:
        keys = [key(each) for each in (before, after) if each is not None]
        least = min(keys)
        first = before if before is not None and key(before) == least else None
        second = after if after is not None and key(after) == least else None
        yield least, first, second
        if first is not None:
            before = next(left, None)
        if second is not None:
            after = next(right, None)
