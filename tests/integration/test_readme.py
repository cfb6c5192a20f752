"""The addresses in the README, requested as written there."""

import re
import shutil
from pathlib import Path

import httpx

from banners.settings import load_settings
from banners.wiring import web_application
from support.running import Workplace, serving


def test_every_address_in_the_readme_works(published: Workplace, workplace: Workplace) -> None:
    shutil.copytree(published.folder, workplace.folder, dirs_exist_ok=True)
    assert workplace.run("catalogue", "import", "events").returncode == 0
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(/.*?)`", readme, re.MULTILINE)
    assert len(named) > 10
    folder = workplace.folder / "var"
    overrides = {"database_url": f"sqlite:///{folder / 'banners.db'}"}
    settings = load_settings(overrides, environment={"BANNERS_OPERATORS": "open"})
    with serving(web_application(settings)) as address, httpx.Client(base_url=address) as client:
        statuses = {path: client.get(path).status_code for path in named}
    assert {path for path, status in statuses.items() if status not in {200, 302, 303}} == set()
