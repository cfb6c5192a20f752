"""The curl commands that call the operations of an OpenAPI document."""

import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

EXAMPLE_CAMPAIGN = 27
"""The id of the campaign in examples."""

EXAMPLE_VALUES: Mapping[str, int | str] = {
    "campaign_id": EXAMPLE_CAMPAIGN,
    "quarter": 1,
    "page": 1,
    "sort": "-revenue",
}
"""The values of the parameters in a command, by name; a command omits all other parameters."""

# A shell would not replace a variable in the quotes that keep the header together.
_WITH_PASSWORD = ("--oauth2-bearer", "PASSWORD")
_WITH_KEY = ("--oauth2-bearer", "KEY")
_TO_PRINT = {"application/json", "text/plain"}


def curl(url: str, *options: str) -> str:
    """Return the curl command for a URL, quoted for a shell."""
    return shlex.join(["curl", *options, url])


def command(
    public_url: str,
    path: str,
    operation: Mapping[str, Any],
    values: Mapping[str, int | str] = EXAMPLE_VALUES,
) -> str:
    """Return the curl command that calls an operation; empty if its answer is for a browser.

    Args:
        public_url: the URL of the application as its users reach it, without a slash at the end.
        path: the path of the operation, with the names of its parameters in braces.
        operation: the operation, as the document describes it.
        values: the values of parameters, by name.
    """
    if not _TO_PRINT & operation["responses"].get("200", {}).get("content", {}).keys():
        return ""
    query = {
        each["name"]: values[each["name"]]
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each["name"] in values
    }
    url = f"{public_url}{path.format_map(values)}"
    options: tuple[str, ...] = _WITH_PASSWORD if operation.get("security") else ()
    if sent := operation.get("requestBody"):
        document = json.dumps(sent["content"]["application/json"]["example"], ensure_ascii=False)
        options = (*_WITH_KEY, "--json", document)
    return curl(f"{url}?{urlencode(query)}" if query else url, *options)
