"""Says in sentences what differs between two catalogues."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from banners.catalogue.compare import Difference, Entry, FieldChange, Kind, Value
from banners.catalogue.values import local_moment
from banners.errors import counted, shorten

MOST_TOLD = 3
"""Maximum number of differences that a summary describes."""

_FIELDS = {"landing_url": "landing page", "policy": "policy", "starts": "start", "ends": "end"}


def sentence(difference: Difference, zone: tzinfo = UTC) -> str:
    """Return one sentence about a campaign or a banner.

    Args:
        difference: what differs.
        zone: the time zone of the times in it.
    """
    what = _named(difference)
    if difference.kind is not Kind.CHANGED:
        return f"{what} was {difference.kind}."
    return f"{what}: {'; '.join(_phrase(change, zone) for change in difference.changes)}."


def house_sentence(old: int | None, new: int | None) -> str:
    """Return a sentence about the house campaign: a campaign id, or None for none."""
    if new is None:
        return f"Campaign {old} is no longer the house campaign."
    before = f" in place of campaign {old}" if old is not None else ""
    return f"Campaign {new} is the house campaign now{before}."


def summary(differences: Sequence[Difference], total: int) -> str:
    """Return a short text about many differences.

    Args:
        differences: the first of them; the summary describes only a few.
        total: how many there are.
    """
    told = differences[:MOST_TOLD]
    more = total - len(told)
    text = " ".join(map(sentence, told))
    return f"{text} And {more:,} more." if more else text


def contents(campaigns: int, banners: int) -> str:
    """Return in words how many campaigns and banners there are."""
    return f"{counted(campaigns, 'campaign')} with {counted(banners, 'banner')}"


def lacking_sentence(lacking: Sequence[int]) -> str:
    """Return a sentence about published campaigns that are not in a catalogue.

    Args:
        lacking: the ids of these campaigns, sorted; at least one.
    """
    are, show = ("is", "its page shows") if len(lacking) == 1 else ("are", "their pages show")
    more = len(lacking) - MOST_TOLD
    ids = ", ".join(map(str, lacking[:MOST_TOLD])) + (f" and {more:,} more" if more > 0 else "")
    return (
        f"{counted(len(lacking), 'published campaign')} {are} not in the files, so {show} "
        f"nothing with this catalogue: {ids}."
    )


def _named(difference: Difference) -> str:
    entry: Entry | None = difference.new or difference.old
    name = f" {shorten(entry.name)}" if entry else ""
    if difference.banner_id is None:
        return f"Campaign {difference.campaign_id}{name}"
    return f"Banner {difference.banner_id}{name} of campaign {difference.campaign_id}"


def _phrase(change: FieldChange, zone: tzinfo) -> str:
    if change.field == "active":
        return "resumed" if change.new else "paused"
    if change.field == "name":
        return f"renamed from {shorten(str(change.old))}"
    if change.field == "image":
        if not change.old:
            return "an image was uploaded"
        return "the image was replaced" if change.new else "the uploaded image was removed"
    old, new = (_value(change.field, value, zone) for value in (change.old, change.new))
    return f"{_FIELDS[change.field]}: {old} → {new}"


def _value(field: str, value: Value, zone: tzinfo) -> str:
    if value in {None, ""}:
        return "the default" if field == "policy" else "none"
    if field in {"starts", "ends"}:
        return f"{local_moment(int(str(value)), zone):%Y-%m-%d %H:%M:%S %Z}"
    return shorten(str(value), most=80)
