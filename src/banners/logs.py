"""How the web application logs: plain lines, or a JSON object a line."""

import logging
import sys
from collections.abc import Callable, Mapping

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(log_format: str) -> None:
    """Log warnings of everybody, and what Banners itself has to say, to standard error.

    Args:
        log_format: ``text``, or ``json`` for a JSON object a line, which also tells what the server
            has to say of its starting and stopping.
    """
    handler = logging.StreamHandler(sys.stderr)
    as_json = log_format == "json"
    if as_json:
        handler.setFormatter(
            JsonFormatter(
                ["levelname", "name", "message"],
                rename_fields={"levelname": "level", "name": "logger"},
                # The process that only starts the workers serves none.
                defaults={"generations": {}},
                # The server's message once more, with colours.
                reserved_attrs=[*RESERVED_ATTRS, "color_message"],
                timestamp=True,
            )
        )
    else:
        handler.setFormatter(logging.Formatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("banners").setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.INFO if as_json else logging.WARNING)


def with_generations(served: Callable[[], Mapping[int, int]]) -> None:
    """Add to each line which generation is served in each quarter, where logs are JSON.

    Args:
        served: tells the number of the generation by quarter; {} for none.
    """

    def add(record: logging.LogRecord) -> bool:
        record.generations = {str(quarter): number for quarter, number in served().items()}
        return True

    for handler in logging.getLogger().handlers:
        handler.addFilter(add)
