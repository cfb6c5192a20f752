"""Converts the text of a setting to its value; a ValueError says what was expected."""

import os
import re
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from banners.core.addresses import leads_to_an_address
from banners.core.hadoop_address import HadoopAddress, hadoop_address
from banners.core.model import FillPolicy
from banners.core.policy import PolicyName
from banners.core.slots import HOST_NAME, MOST_AHEAD

ENGINES = ("duckdb", "spark")
LOG_FORMATS = ("text", "json")
OPERATORS = ("signed-in", "open")

NOT_SHARED = "off"
"""The word in place of a folder with which workers share nothing."""

IN_DATABASE = "database"
"""What stands for the database in place of a folder."""

_REDIS_URL = "a Redis URL, such as redis://localhost:6379/0"
_ESCAPES = "a character such as / ? # % in a password is written as %2F %3F %23 %25"
# Options of redis-py that a URL may have. Timeouts are not among them: Banners sets these.
_REDIS_FILES = {"ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"}
_REDIS_OPTIONS = {
    *("client_name", "db", "health_check_interval", "max_connections", "password", "protocol"),
    *("socket_keepalive", "ssl_cert_reqs", "ssl_check_hostname", "ssl_ciphers", "ssl_password"),
    *("username", *_REDIS_FILES),
}
# The path goes into links, cookies and redirects. No step of it is "." or "..", which clients drop.
_WEB_URL = re.compile(
    r"https?://[^\s\"'<>/?#]+(?P<prefix>(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*)/*"
)


def time_zone(text: str) -> ZoneInfo:
    """Return a time zone by its IANA name."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("a time zone by its IANA name, such as Europe/Vienna") from error


def folder_of_hadoop(text: str) -> HadoopAddress:
    """Return the address of a folder in a file system of Hadoop."""
    if not (address := hadoop_address(text)):
        raise ValueError("an address of Hadoop, such as hdfs://namenode/tmp/banners")
    return address


def fill_policy(text: str) -> FillPolicy:
    """Return where the fill comes from."""
    if text not in set(FillPolicy):
        raise ValueError(f"one of {', '.join(FillPolicy)}")
    return FillPolicy(text)


def policy_name(text: str) -> PolicyName:
    """Return the name of a policy."""
    if text not in set(PolicyName):
        raise ValueError(f"one of {', '.join(PolicyName)}")
    return PolicyName(text)


def holdout(text: str) -> int:
    """Return how many of 64 lineups are the rule's own."""
    if not re.fullmatch(r"[0-9]|[12][0-9]|3[0-2]", text, re.ASCII):
        raise ValueError("a whole number from 0 to 32")
    return int(text)


def ratio(text: str) -> Decimal:
    """Return a ratio from 0 up to, but not including, 100."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,9})?", text, re.ASCII):
        raise ValueError("a ratio of zero or more, such as 0.5")
    return Decimal(text)


def engine(text: str) -> str:
    """Return the name of an engine."""
    if text not in ENGINES:
        raise ValueError(f"one of {', '.join(ENGINES)}")
    return text


def memory(text: str) -> str:
    """Return a size in MB or GB, as it is written."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}(MB|GB)", text, re.ASCII):
        raise ValueError("a size in MB or GB, such as 512MB or 4GB")
    return text


def share(text: str) -> Decimal:
    """Return a share from 0 to 1."""
    if not re.fullmatch(r"(0(\.[0-9]{1,9})?|1(\.0{1,9})?)", text, re.ASCII):
        raise ValueError("a share from 0 to 1, such as 0.01")
    return Decimal(text)


def url(text: str) -> str:
    """Return the URL of a database; the store checks the rest of it."""
    if "://" not in text:
        raise ValueError("an SQLAlchemy URL, such as sqlite:///var/banners.db")
    return text


def redis_url(text: str) -> str:
    """Return the URL of a Redis whose options are known and whose files can be read."""
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError(_REDIS_URL)
    try:
        url = urlsplit(text)
        options = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    except ValueError as error:
        raise ValueError(f"{_REDIS_URL}; {_ESCAPES}") from error
    if url.fragment or not _REDIS_OPTIONS.issuperset(options):
        known = ", ".join(sorted(_REDIS_OPTIONS))
        raise ValueError(f"only these options after the question mark: {known}; {_ESCAPES}")
    database = options.get("db", "") if url.scheme == "unix" else url.path.strip("/")
    if not re.fullmatch("[0-9]{0,4}", database, re.ASCII) or not options.get("db", "0").isdecimal():
        raise ValueError("the number of a Redis database, as in redis://localhost:6379/0")
    for name in _REDIS_FILES.intersection(options):
        if not os.access(options[name], os.R_OK):
            raise ValueError(f"a file that can be read as {name}")
    return text


def web_url(text: str) -> str:
    """Return the URL of the web application, without a slash at its end."""
    found = _WEB_URL.fullmatch(text)
    if not found:
        raise ValueError(
            "an http or https URL, such as https://banners.example.com or https://example.com/ads, "
            "whose path consists of letters, digits, and any of . _ ~ -"
        )
    if leads_to_an_address(found["prefix"]):
        raise ValueError(
            "a URL whose path is not an address of the web application itself, such as "
            "https://example.com/ads"
        )
    return text.rstrip("/")


def count(text: str) -> int:
    """Return a whole number of up to nine digits."""
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise ValueError("a whole number of up to nine digits")
    return int(text)


def seconds(text: str) -> int:
    """Return a whole number of seconds above zero."""
    if not re.fullmatch(r"[1-9][0-9]{0,7}", text, re.ASCII):
        raise ValueError("a whole number of seconds above zero")
    return int(text)


def uploads(text: str) -> str:
    """Return the folder of uploaded images, or the word that stands for the database."""
    if text.lower() == IN_DATABASE and text != IN_DATABASE:
        raise ValueError(f"{IN_DATABASE} in lower case, or a folder, such as var/uploads")
    return text


def shared(text: str) -> str:
    """Return the folder of the copies that workers share, or the word that stands for none."""
    if text.lower() == NOT_SHARED and text != NOT_SHARED:
        raise ValueError(f"{NOT_SHARED} in lower case, or a folder, such as /var/cache/banners")
    return text


def amount(text: str) -> Decimal:
    """Return an amount of money above zero."""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text, re.ASCII) or not Decimal(text):
        raise ValueError("an amount above zero, such as 10000 or 99.50")
    return Decimal(text)


def days(text: str) -> int:
    """Return a whole number of days above zero."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII):
        raise ValueError("a whole number of days above zero")
    return int(text)


def slots(text: str) -> int:
    """Return a whole number of slots above zero."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII):
        raise ValueError("a whole number of slots above zero")
    return int(text)


def ahead(text: str) -> int:
    """Return a number of seconds that is shorter than the time until a quarter comes back."""
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 1 <= int(text) <= MOST_AHEAD:
        raise ValueError(f"a whole number of seconds from 1 to {MOST_AHEAD}")
    return int(text)


def generations(text: str) -> int:
    """Return a number of generations above zero."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII):
        raise ValueError("a whole number of generations above zero")
    return int(text)


def host_name(text: str) -> str:
    """Return the name of a host."""
    if not re.fullmatch(HOST_NAME, text):
        raise ValueError(
            "a name of up to 63 letters, digits, and any of . _ - after the first, such as web-1"
        )
    return text


def yes_or_no(text: str) -> str:
    """Return ``yes`` or ``no``."""
    if text not in {"yes", "no"}:
        raise ValueError("yes or no")
    return text


def on_or_off(text: str) -> str:
    """Return ``on`` or ``off``; ``yes`` and ``no`` are accepted as well."""
    try:
        return {"on": "on", "yes": "on", "off": "off", "no": "off"}[text.lower()]
    except KeyError as error:
        raise ValueError("on or off") from error


def operators(text: str) -> str:
    """Return who may see what is for operators."""
    if text not in OPERATORS:
        raise ValueError(f"one of {', '.join(OPERATORS)}")
    return text


def log_format(text: str) -> str:
    """Return the format of the log."""
    if text not in LOG_FORMATS:
        raise ValueError(f"one of {', '.join(LOG_FORMATS)}")
    return text
