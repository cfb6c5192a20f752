"""Every setting, in one table: its name, its default and what it does.

A setting is read from the environment, or else from a file ``.env`` in the working folder: as
``BANNERS_`` and its name in capitals, or (for secrets) from the file that ``BANNERS_…_FILE`` names,
which wins over the former. ``docs/settings.md`` is made from this table.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from banners.errors import SettingsError, shorten
from banners.model import FillPolicy

PREFIX = "BANNERS_"
ENGINES = ("duckdb", "spark")
LOG_FORMATS = ("text", "json")

_LOG = logging.getLogger(__name__)


def _time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("a time zone by its IANA name, such as Europe/Vienna") from error


def _fill_policy(text: str) -> FillPolicy:
    if text not in set(FillPolicy):
        raise ValueError(f"one of {', '.join(FillPolicy)}")
    return FillPolicy(text)


def _engine(text: str) -> str:
    if text not in ENGINES:
        raise ValueError(f"one of {', '.join(ENGINES)}")
    return text


def _memory(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,8}(MB|GB)", text, re.ASCII):
        raise ValueError("a size in MB or GB, such as 512MB or 4GB")
    return text


def _share(text: str) -> Decimal:
    if not re.fullmatch(r"(0(\.[0-9]{1,9})?|1(\.0{1,9})?)", text, re.ASCII):
        raise ValueError("a share from 0 to 1, such as 0.01")
    return Decimal(text)


def _url(text: str) -> str:
    if "://" not in text:
        raise ValueError("an SQLAlchemy URL, such as sqlite:///var/banners.db")
    return text


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("a Redis URL, such as redis://localhost:6379/0")
    if "?" in text:
        raise ValueError("a Redis URL without options behind a question mark")
    return text


def _web_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s\"'<>]+", text):
        raise ValueError("an address of the web, such as https://banners.example.com")
    return text.rstrip("/")


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise ValueError("a whole number of up to nine digits")
    return int(text)


def _seconds(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,7}", text, re.ASCII):
        raise ValueError("a whole number of seconds above zero")
    return int(text)


def _log_format(text: str) -> str:
    if text not in LOG_FORMATS:
        raise ValueError(f"one of {', '.join(LOG_FORMATS)}")
    return text


def _setting(
    default: Any,
    parse: Callable[[str], Any],
    text: str,
    *,
    secret: bool = False,
    option: str | None = None,
) -> Any:
    """Write a row of the table; ``option`` is the option of the command line that overrides it."""
    about = {"parse": parse, "help": text, "secret": secret, "option": option}
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, with their defaults."""

    database_url: str = _setting(
        "sqlite:///var/banners.db",
        _url,
        "Where results are published to and served from, as an SQLAlchemy URL; for MySQL and "
        "MariaDB `mysql+pymysql://user:password@host:3306/database`, with PyMySQL.",
        secret=True,
        option="--database",
    )
    redis_url: str = _setting(
        "",
        _redis_url,
        "Redis, which the web application's workers share as a cache, such as "
        "`redis://localhost:6379/0`, with redis-py; if empty, they do without. One "
        "Redis database (the number at the end) serves one database of results.",
        secret=True,
    )
    redis_seconds: int = _setting(
        3_600, _seconds, "So long Redis keeps what nobody serves any more, in seconds."
    )
    memory_lineups: int = _setting(
        200_000,
        _count,
        "So many lineups each worker of the web application holds in memory, about 0.6 kB each. "
        "What is served is loaded whole if it fits, and read through Redis if it does not.",
    )
    images: Path = _setting(
        Path("var/images"),
        Path,
        "Folder with a picture of each banner: `image_<banner id>.png` (or jpg, webp, gif, svg).",
    )
    timezone: ZoneInfo = _setting(
        ZoneInfo("UTC"),
        _time_zone,
        "Time zone in which the quarter of the hour is told, such as `Asia/Kolkata`.",
    )
    fill: FillPolicy = _setting(
        FillPolicy.INVENTORY,
        _fill_policy,
        "Where a page of fewer than five banners is filled up from: `inventory` (the campaign's "
        "other banners, then any of the quarter), `campaign` (its own only), `none`.",
    )
    wait_seconds: int = _setting(
        60,
        _count,
        "So long a crunch or a rollback waits for a database server that is still starting, and a "
        "crunch for another that is publishing, in seconds; 0 for not at all.",
    )
    engine: str = _setting(
        "duckdb",
        _engine,
        "What crunches the event files: `duckdb` (in this process) or `spark`.",
        option="--engine",
    )
    spark_master: str = _setting(
        "",
        str,
        "Where Spark computes, such as `local[2]` or `spark://host:7077`; if empty, where "
        "`spark-submit` says, or else on all cores of this machine.",
    )
    memory: str = _setting(
        "2GB",
        _memory,
        "Memory that the engine may take, in `MB` or `GB`; what does not fit goes to temporary "
        "files. Of Spark, what its driver and each executor may take; under `spark-submit`, its "
        "own options say it.",
    )
    public_url: str = _setting(
        "",
        _web_url,
        "Where the web application is reached from outside, such as `https://banners.example.com`, "
        "for the snippet that embeds a banner in another page; if empty, where it listens.",
    )
    log_format: str = _setting(
        "text", _log_format, "How the web application logs: `text`, or `json` (an object a line)."
    )
    rejects: Path = _setting(
        Path("var/rejects"),
        Path,
        "Folder for files of the rows that a crunch did not accept.",
    )
    gate_bad_rows: Decimal = _setting(
        Decimal("0.01"),
        _share,
        "A quarter is refused when more than this share of its rows is rejected or quarantined.",
    )
    gate_orphans: Decimal = _setting(
        Decimal("0.05"),
        _share,
        "A quarter is refused when more than this share of its conversions has no click.",
    )
    gate_least_rows: Decimal = _setting(
        Decimal("0.5"),
        _share,
        "A quarter is refused when its rows are less than this share of those now served.",
    )


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the table of settings, as the documentation shows it.

    Args:
        variable: the environment variable.
        default: the default, as one would write it there.
        help: what it does, in Markdown.
    """

    variable: str
    default: str
    help: str


def table() -> Iterator[SettingRow]:
    """List the settings in the order in which they are declared."""
    for each in fields(Settings):
        yield SettingRow(PREFIX + each.name.upper(), str(each.default), each.metadata["help"])


def load_settings(
    overrides: Mapping[str, str | None] | None = None,
    *,
    env_file: Path = Path(".env"),
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Read the settings.

    Args:
        overrides: settings by name, as the command line gives them; they win over everything,
            but None stands for "not given".
        env_file: a file of ``BANNERS_NAME=value`` lines; one that is not there is no fault, and
            neither is a folder of that name.
        environment: the environment variables.

    Raises:
        SettingsError: a value is not what its setting takes, or a file cannot be read.
    """
    from dotenv import dotenv_values

    try:
        sources = (environment, dotenv_values(env_file))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{env_file} is not UTF-8. Save it as UTF-8.") from error
    except OSError as error:
        raise SettingsError(
            f"{env_file} cannot be read: {error.strerror}. Make it readable, or remove it."
        ) from error
    _warn_of_unknown(env_file, sources[1])
    values: dict[str, Any] = {}
    for each in fields(Settings):
        name = PREFIX + each.name.upper()
        text = (overrides or {}).get(each.name)
        if text:
            name = each.metadata["option"] or name
        else:
            text = _read(name, sources)
        if text:
            values[each.name] = _parse(each, name, text)
    return Settings(**values)


def _warn_of_unknown(env_file: Path, named: Iterable[str]) -> None:
    """Say of what the file sets, and Banners does not know, that nothing comes of it.

    Only of the file: in the environment, programs around Banners have names of their own.
    """
    known = {row.variable.removeprefix(PREFIX) for row in table()}
    for variable in named:
        name = variable.removeprefix(PREFIX).removesuffix("_FILE")
        if variable.startswith(PREFIX) and name not in known:
            nearest = get_close_matches(name, known, n=1)
            meant = f" Is {PREFIX}{nearest[0]} meant?" if nearest else ""
            _LOG.warning("%s sets %s, which is no setting.%s", env_file, shorten(variable), meant)


def _read(variable: str, sources: Iterable[Mapping[str, str | None]]) -> str | None:
    """Read a variable from the first source that has it; there it may be empty."""
    for source in sources:
        if file := source.get(f"{variable}_FILE"):
            return _read_secret(variable, Path(file))
        if variable in source:
            return source[variable]
    return None


def _read_secret(variable: str, file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{variable}_FILE names {shorten(str(file))}, which cannot be read as text. "
            f"Mend the path, or set {variable} instead."
        ) from error


def _parse(setting: Field[Any], name: str, text: str) -> Any:
    try:
        return setting.metadata["parse"](text)
    except ValueError as error:
        found = "a value (not shown here)" if setting.metadata["secret"] else shorten(text)
        raise SettingsError(f"{name} holds {found}; expected {error}.") from error
