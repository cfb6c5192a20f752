"""``banners show --json`` with a catalogue: the object that the API gives."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import web_application
from support.catalogues import files
from support.deliveries import small_quarter
from support.running import Workplace, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Banners 10 and 11 of campaign 5 have events; campaigns 6 to 8 are in the catalogue alone."""
    workplace = Workplace(tmp_path_factory.mktemp("catalogue"))
    small_quarter(workplace.folder, 2)
    assert workplace.run("crunch", "events").returncode == 0
    files(
        workplace.folder / "catalogue",
        "5,Shoes,,,yes,\n6,Boots,,,yes,\n7,Hats,,,no,\n",
        "5,11,Red shoes,https://shop.example/,,,yes\n6,60,Boots,,,,yes\n7,70,Hat,,,,yes\n",
    )
    ended = workplace.run("catalogue", "import", "catalogue")
    assert ended.returncode == 0, ended.stderr
    return workplace


@contextmanager
def served(site: Workplace) -> Iterator[httpx.Client]:
    overrides = {
        "database_url": f"sqlite:///{site.folder / 'var' / 'banners.db'}",
        "operators": "open",
    }
    application = web_application(load_settings(overrides))
    with serving(application) as address, httpx.Client(base_url=address) as client:
        yield client


def shown(site: Workplace, campaign: str) -> Any:
    ended = site.run("show", campaign, "--quarter", "2", "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_object_is_that_of_the_api(site: Workplace) -> None:
    with served(site) as client:
        for campaign in ("5", "6"):
            answer = client.get(f"/api/v1/campaigns/{campaign}?quarter=2").json()
            assert shown(site, campaign) == answer


def test_only_what_the_catalogue_assigns_is_in_it(site: Workplace) -> None:
    answer = shown(site, "5")
    assert (answer["name"], answer["converting"], answer["lineup"]) == ("Shoes", 0, [])
    assert answer["fill"] == {
        "needed": 5,
        "campaign": [11],
        "campaign_text": ["11"],
        "inventory": False,
    }
    assert shown(site, "6")["generation"] == 0


@pytest.mark.parametrize(
    ("campaign", "sentence"),
    [("7", "it has been paused since"), ("8", "the catalogue does not have it")],
)
def test_a_campaign_that_visitors_do_not_get_is_an_error(
    site: Workplace, campaign: str, sentence: str
) -> None:
    ended = site.run("show", campaign, "--quarter", "2", "--json")
    assert ended.returncode == 1
    assert sentence in ended.stderr
