"""What docs/conversions.md tells advertisers works as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.recordings import BROWSER, HATS, page, recording_in
from support.running import required

TEXT = (Path(__file__).parents[2] / "docs" / "conversions.md").read_text(encoding="utf-8")
[CURL] = re.findall(r"```sh\n(curl .*?)```", TEXT, re.DOTALL)
[PROGRAM] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
KEY = "0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b"


def test_the_program_has_about_twenty_lines() -> None:
    assert len(PROGRAM.splitlines()) <= 40


@pytest.mark.parametrize("way", ["curl", "python"])
def test_an_advertiser_reports_conversions_as_the_page_says(tmp_path: Path, way: str) -> None:
    place = recording_in(tmp_path, BANNERS_CONVERSION_KEYS_FILE="senders")
    (tmp_path / "senders").write_text(f"shop {KEY} *\n")
    with (
        place.serving() as (address, _),
        httpx.Client(base_url=address, headers=BROWSER, timeout=60) as client,
    ):
        link = page(client, HATS).links[0]
        assert link
        click = client.get(link).headers["location"].rpartition("=")[2]
        variables = {**os.environ, "KEY": KEY, "BANNERS": address, "CLICK": click}
        if way == "python":
            words = [sys.executable, "-c", PROGRAM]
        else:
            required("curl")
            written = CURL.replace("https://banners.example.com", address)
            # An older curl has no --json, which stands for these.
            written = written.replace("--json", "--header Content-Type:application/json --data")
            [example] = re.findall('"click": "([^"]*)"', CURL)
            words = ["sh", "-c", written.replace(example, click)]
        found = [
            subprocess.run(words, env=variables, capture_output=True, text=True, check=True).stdout
            for _ in range(2)
        ]
    assert "order-1" in found[0]
    assert "accepted" in found[0]
    assert "duplicate" in found[1]


def test_a_wrong_key_is_explained_to_the_advertiser(tmp_path: Path) -> None:
    place = recording_in(tmp_path)
    with place.serving() as (address, _):
        variables = {**os.environ, "KEY": "wrong", "BANNERS": address, "CLICK": "x"}
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert "No sender has this key" in ended.stderr
