"""The addresses that the README names, asked for as it writes them."""

import re
from pathlib import Path

import httpx


def test_every_address_in_the_readme_is_one(client: httpx.Client) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(/.*?)`", readme, re.MULTILINE)
    assert len(named) > 10
    statuses = {path: client.get(path).status_code for path in named}
    assert {path for path, status in statuses.items() if status not in {200, 302}} == set()
