"""Configures the logs of the web application: plain lines, or one JSON object a line."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from banners.errors import readable

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class ReadableFormatter(logging.Formatter):
    """Formats each message as one line without control characters, and indents tracebacks.

    So no text from outside can look like a record of its own.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """Return the line of a record."""
        return readable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return a traceback."""
        return "\n".join(f"  {readable(each)}" for each in super().formatException(ei).split("\n"))


def configure(log_format: str) -> None:
    """Log to standard error: warnings of all libraries, and messages of Banners from INFO up.

    Args:
        log_format: ``text``, or ``json`` for one JSON object a line; ``json`` includes the messages
            of the server about its start and stop.
    """
    handler = logging.StreamHandler(sys.stderr)
    as_json = log_format == "json"
    if as_json:
        from pythonjsonlogger.core import RESERVED_ATTRS
        from pythonjsonlogger.json import JsonFormatter

        handler.setFormatter(
            JsonFormatter(
                ["levelname", "name", "message"],
                rename_fields={"levelname": "level", "name": "logger"},
                # The process that starts the workers does not serve any generation itself.
                defaults={"generations": {}},
                # The server adds its message a second time, with colours.
                reserved_attrs=[*RESERVED_ATTRS, "color_message"],
                timestamp=True,
                json_serializer=_one_line,
            )
        )
    else:
        handler.setFormatter(ReadableFormatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("banners").setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.INFO if as_json else logging.WARNING)


def _one_line(document: Any, **options: Any) -> str:
    """Return a JSON document without control characters; json leaves only this one as it is."""
    return json.dumps(document, **options).replace("\x7f", r"\u007f")


def with_generations(served: Callable[[], Mapping[int, int]]) -> None:
    """Add the generation that is live in each quarter to each JSON log line.

    Args:
        served: returns the number of the live generation by quarter; {} if there is none.
    """

    def add(record: logging.LogRecord) -> bool:
        record.generations = {str(quarter): number for quarter, number in served().items()}
        return True

    for handler in logging.getLogger().handlers:
        handler.addFilter(add)
