"""What other pages embed has the size of its image, and only real banners count as missing one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from support.answers import Clock, application_over
from support.publishing import publish
from support.running import serving
from support.servers import until

# The banners of the campaigns that `publish` makes: two in the lineup, and one to fill it up.
SIZES = {100: (728, 90), 101: (160, 600), 102: (300, 250)}


@pytest.fixture(scope="module", params=["in memory", "by the framework"])
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sizes")
    for banner_id in (100, 101):
        Image.new("RGB", SIZES[banner_id]).save(folder / f"image_{banner_id}.png")
    database = open_database(f"sqlite:///{folder / 'banners.db'}", create=True)
    publish(database, 100, *Quarter)
    application = application_over(
        DatabaseReader(database), folder, Clock().now, in_memory=request.param == "in memory"
    )
    with serving(application) as address:
        for banner_id in SIZES:
            httpx.get(f"{address}/static/images/image_{banner_id}.png")
        yield address


def test_a_frame_states_the_size_of_its_image(address: str) -> None:
    seen = set()
    for _ in range(50):
        page = httpx.get(f"{address}/campaigns/5/banner?format=html").text
        (banner_id,) = (each for each in SIZES if f"image_{each}.png" in page)
        width, height = SIZES[banner_id]
        assert f'width="{width}" height="{height}" alt="Banner {banner_id}"' in page
        seen.add(banner_id)
    assert len(seen) > 1


def test_the_snippets_leave_each_image_its_shape(address: str) -> None:
    page = httpx.get(f"{address}/campaigns/5").text
    assert '/campaigns/5/banner" alt=""&gt;' in page
    assert (
        'banner?format=html" width="728" height="600" style="border:0" title="Banner"&gt;' in page
    )
    assert '<img src="/static/images/image_100.png" width="300" height="250"' in page


def test_json_says_how_large_the_images_are(address: str) -> None:
    banners = httpx.get(f"{address}/api/v1/campaigns/5/banners").json()["banners"]
    assert {each["banner_id"]: (each["width"], each["height"]) for each in banners} == SIZES


def placeholders(address: str) -> float:
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    (line,) = (each for each in lines if each.startswith("banners_placeholders_total"))
    return float(line.split()[-1])


def test_only_banners_that_exist_count_as_without_an_image(address: str) -> None:
    path = f"{address}/static/images/image_{{}}.png"
    before = placeholders(address)
    for banner_id in (7, 99, 103, 10**17):
        assert httpx.get(path.format(banner_id)).headers["content-type"] == "image/svg+xml"
    assert placeholders(address) == before


def test_a_banner_without_an_image_is_counted(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish(database, 100, *Quarter)
    application = application_over(DatabaseReader(database), tmp_path, Clock().now, in_memory=True)
    with serving(application) as address:
        until(lambda: httpx.get(f"{address}/readyz").status_code == 200)
        before = placeholders(address)
        httpx.get(f"{address}/static/images/image_101.png")
        assert placeholders(address) == before + 1
