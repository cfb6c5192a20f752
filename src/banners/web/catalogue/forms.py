"""What people enter into forms: as values, or as a sentence beside each field that has a fault."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import Any

from banners.catalogue.values import (
    MOST_NAME,
    check_times,
    local_moment,
    parse_landing_url,
    parse_moment,
    parse_name,
)
from banners.core.catalogue import Times
from banners.errors import InvalidValue

Fields = Mapping[str, str]
"""The text of each field of a form, by its name."""


class Faulty(Exception):
    """A form has faults.

    Args:
        faults: a sentence for each field that has a fault, by its name.
    """

    def __init__(self, faults: Fields) -> None:
        super().__init__(*faults.values())
        self.faults = faults


def campaign_values(fields: Fields, zone: tzinfo) -> dict[str, Any]:
    """Return the name and the times of a campaign.

    Args:
        fields: name, starts, ends.
        zone: the time zone of the times.

    Raises:
        Faulty: some are invalid.
    """

    def moment(text: str) -> int | None:
        return parse_moment(text, zone)

    return _parsed(fields, {"name": parse_name, "starts": moment, "ends": moment})


def banner_values(fields: Fields, zone: tzinfo, faults: Fields) -> dict[str, Any]:
    """Return the name, the landing page and the times of a banner.

    Args:
        fields: name, landing_url, starts, ends.
        zone: the time zone of the times.
        faults: what is wrong with its image, by the name of the field.

    Raises:
        Faulty: some are invalid, or the image is.
    """

    def moment(text: str) -> int | None:
        return parse_moment(text, zone)

    parsers: dict[str, Callable[[str], Any]] = {
        "name": parse_name,
        "landing_url": parse_landing_url,
        "starts": moment,
        "ends": moment,
    }
    return _parsed(fields, parsers, faults)


def name_value(fields: Fields) -> str:
    """Return a name alone.

    Raises:
        Faulty: it is invalid.
    """
    return str(_parsed(fields, {"name": parse_name})["name"])


def written_times(times: Times, zone: tzinfo) -> Fields:
    """Return the times of a campaign or a banner as their fields take them."""
    return {"starts": _written(times.starts, zone), "ends": _written(times.ends, zone)}


def _written(second: int | None, zone: tzinfo) -> str:
    if second is None:
        return ""
    moment = local_moment(second, zone).replace(tzinfo=None)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def name_of(file_name: str) -> str:
    """Return the name of a banner for the name of its file: ``spring_sale.png``, Spring sale."""
    words = PurePosixPath(file_name).stem.replace("_", " ").replace("-", " ").split()
    name = "".join(each for each in " ".join(words) if each.isprintable())[:MOST_NAME].strip()
    # A letter may have a capital of several: ß, SS.
    return (name[:1].upper() + name[1:])[:MOST_NAME] or "Banner"


def _parsed(
    fields: Fields, parsers: Mapping[str, Callable[[str], Any]], faults: Fields | None = None
) -> dict[str, Any]:
    """Return the value of each field.

    Raises:
        Faulty: some are invalid, or there are faults already.
    """
    values: dict[str, Any] = {}
    found = dict(faults or {})
    for name, parse in parsers.items():
        try:
            values[name] = parse(fields.get(name, "").strip())
        except InvalidValue as error:
            found[name] = _sentence(error)
    if not found:
        try:
            check_times(values.get("starts"), values.get("ends"))
        except InvalidValue as error:
            found["ends"] = _sentence(error)
    if found:
        raise Faulty(found)
    return values


def _sentence(error: InvalidValue) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
