"""The Nu HTML checker has nothing to say on the pages of figures over time."""

from pathlib import Path

import pytest

from support.held_totals import HeldTotals
from support.html_checker import said
from support.recorded_pages import recorded_site, recorded_totals

PAGES = {
    "home": "/campaigns?order=-click_rate",
    "report": "/campaigns/5/report",
    "report-of-a-week": "/campaigns/5/report?over=7d",
    "report-of-a-trial": "/campaigns/6/report",
    "report-of-nothing": "/campaigns/9/report",
    "status": "/status",
    "totals": "/totals?from=2026-11-01",
    "totals-of-no-days": "/totals?from=2026-11-21&to=2026-11-20",
    "totals-of-nothing": "/totals?from=2020-11-01&to=2020-11-20",
    "begins": "/totals",
    "nothing-closed": "/totals",
}
WITHOUT = {"begins": None, "nothing-closed": HeldTotals()}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the checker says of each page; it is started once, which takes seconds."""
    folder = tmp_path_factory.mktemp("pages")
    for totals in (recorded_totals(), *WITHOUT.values()):
        with recorded_site(tmp_path_factory.mktemp("recorded"), totals) as client:
            for name, path in PAGES.items():
                if (WITHOUT[name] is totals) if name in WITHOUT else (totals and totals.slots):
                    answer = client.get(path)
                    assert answer.status_code == 200
                    _write(folder, name, answer.text)
    return said(folder)


def _write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.html").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_html_checker_has_nothing_to_say(found: dict[str, list[str]], name: str) -> None:
    assert found[f"{name}.html"] == []
