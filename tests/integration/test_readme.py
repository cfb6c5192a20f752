"""The addresses in the README, requested as written there."""

import re
import shutil
from pathlib import Path

import httpx

from support.running import Workplace

# Only for POST.
ANSWERS = {"/api/v1/conversions": {405}}


def test_every_address_in_the_readme_works(published: Workplace, tmp_path: Path) -> None:
    place = Workplace(tmp_path, {"BANNERS_OPERATORS": "open", "BANNERS_EVENTS": "recorded"})
    shutil.copytree(published.folder, tmp_path, dirs_exist_ok=True)
    assert place.run("catalogue", "import", "events").returncode == 0
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(/.*?)`", readme, re.MULTILINE)
    assert len(named) > 10
    with place.serving() as (address, _), httpx.Client(base_url=address) as client:
        statuses = {path: client.get(path).status_code for path in named}
    others = {
        path: status
        for path, status in statuses.items()
        if status not in ANSWERS.get(path, {200, 302, 303})
    }
    assert others == {}
