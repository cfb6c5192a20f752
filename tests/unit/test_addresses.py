"""Every address is written in one table."""

import re
from pathlib import Path

import pytest

from banners.core import addresses
from banners.core.addresses import (
    IMAGE_PATTERN,
    Route,
    Site,
    image_path,
    leads_to_an_address,
)

SOURCE = Path(addresses.__file__).parents[1]

FIRST = {route.split("/")[1] for route in Route if route is not Route.FORM}
"""What addresses begin with: campaigns, static, api and so on."""

LITERAL = re.compile(rf"""(?<![\w.<*)])/(?:{"|".join(map(re.escape, FIRST))})\b""")
"""An address, as opposed to the name of a file such as docs/rule.md."""


def test_no_other_file_contains_an_address() -> None:
    # Scripts cannot read the table; style sheets and templates can, by what renders them.
    files = {*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html"), *SOURCE.rglob("*.svg")}
    files.remove(SOURCE / "core" / "addresses.py")
    assert len(files) > 100
    found = {
        f"{file.relative_to(SOURCE)}: {line.strip()}"
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if LITERAL.search(line)
    }
    assert found == set()


@pytest.mark.parametrize(
    "line", ['get("/campaigns")', 'href="/static/x.css"', 'f"{url}/campaigns/3"', "see /docs."]
)
def test_an_address_would_be_found(line: str) -> None:
    assert LITERAL.search(line)


@pytest.mark.parametrize("line", ["docs/rule.md, closing", "</status>", "var/metrics", "b/api"])
def test_the_name_of_a_file_is_no_address(line: str) -> None:
    assert not LITERAL.search(line)


def test_an_address_is_built_from_its_parts() -> None:
    assert Route.REPORT.at(campaign_id=27) == "/campaigns/27/report"
    with pytest.raises(KeyError):
        Route.REPORT.at()


def test_a_pattern_matches_the_addresses_of_its_route_alone() -> None:
    pattern = re.compile(Route.BANNER.pattern(campaign_id="([0-9]+)"))
    found = pattern.fullmatch(Route.BANNER.at(campaign_id=27))
    assert found is not None
    assert found[1] == "27"
    assert not pattern.fullmatch(Route.CAMPAIGN.at(campaign_id=27))
    assert not re.fullmatch(Route.OPENAPI.pattern(), "/openapi-json")


@pytest.mark.parametrize("banner_id", [1, 414, 10**18 - 1])
def test_the_address_of_an_image_names_its_banner(banner_id: int) -> None:
    found = re.fullmatch(IMAGE_PATTERN, image_path(banner_id))
    assert found is not None
    assert int(found[1]) == banner_id


@pytest.mark.parametrize("name", ["image_0.png", "image_01.png", "image_1.jpg", "image_٣.png"])
def test_other_names_are_not_those_of_images(name: str) -> None:
    assert not re.fullmatch(IMAGE_PATTERN, Route.IMAGE.at(name=name))


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        ("https://example.com", "https://example.com", ""),
        ("https://example.com/ads", "https://example.com", "/ads"),
        ("http://127.0.0.1:8000/a/b.c", "http://127.0.0.1:8000", "/a/b.c"),
    ],
)
def test_a_site_gives_out_addresses_below_its_prefix(url: str, origin: str, prefix: str) -> None:
    site = Site(url)
    assert (site.origin, site.prefix) == (origin, prefix)
    assert site.at(Route.REPORT, campaign_id=27) == f"{prefix}/campaigns/27/report"
    assert site.links["REPORT"].at(campaign_id=27) == f"{prefix}/campaigns/27/report"
    assert site.image(414) == f"{prefix}/static/images/image_414.png"
    assert site.image_format % 414 == site.image(414)


def test_a_site_is_secure_if_it_is_reached_by_https() -> None:
    assert Site("https://example.com").is_secure
    assert not Site("http://example.com/https:").is_secure


@pytest.mark.parametrize(
    "prefix",
    ["/campaigns", "/campaigns/7", "/campaigns/x/report", "/static", "/static/x", "/api", "/docs"],
)
def test_an_address_cannot_be_a_prefix(prefix: str) -> None:
    assert leads_to_an_address(prefix)


@pytest.mark.parametrize(
    "prefix", ["", "/ads", "/api/ads", "/docs/ads", "/campaign", "/ads/static"]
)
def test_other_paths_can(prefix: str) -> None:
    assert not leads_to_an_address(prefix)
