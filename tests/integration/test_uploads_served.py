"""Uploaded images at the addresses of banners, over real HTTP."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from banners.core.images import Size
from banners.errors import StoreUnavailable
from banners.images.check import check
from banners.images.folder import FolderImages
from banners.images.store import UploadedImage
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.web.hot.images import HeldImages
from banners.web.hot.sizes import Sizes
from banners.web.hot.uploads import Uploads
from support.answers import SECURITY, Clock, application_over
from support.image_files import drawing, file_of
from support.running import serving
from support.tiny_images import IMAGES

BANNER = "/static/images/image_7.png"
FIRST, SECOND = (check(file_of(kind, drawing(size=(728, 90)))) for kind in ("GIF", "WEBP"))
OF_IMAGES = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
A_MINUTE, A_DAY = "public, max-age=60", "public, max-age=86400"
MISSING = "0" * 64


class Counted(FolderImages):
    """Counts how often an image is read, and fails when it is told to."""

    reads = 0
    is_gone = False

    def read(self, digest: str) -> bytes | None:
        self.reads += 1
        if self.is_gone:
            raise StoreUnavailable("The database is gone.")
        return super().read(digest)

    def sizes(self, digests: Iterable[str]) -> Mapping[str, Size]:
        if self.is_gone:
            raise StoreUnavailable("The database is gone.")
        return super().sizes(digests)


@pytest.fixture
def store(tmp_path: Path) -> Counted:
    store = Counted(tmp_path / "uploads")
    for image in (FIRST, SECOND):
        store.write(image)
    store.reads = 0
    return store


@pytest.fixture
def catalogue() -> dict[int, str]:
    """The digest of each banner of the catalogue, for a test to change."""
    return {7: FIRST.digest}


@pytest.fixture
def client(tmp_path: Path, store: Counted, catalogue: dict[int, str]) -> Iterator[httpx.Client]:
    folder = tmp_path / "images"
    folder.mkdir()
    for banner_id in (7, 8):
        (folder / f"image_{banner_id}.png").write_bytes(IMAGES[".png"])
    nothing = DatabaseReader(open_database("sqlite:///nowhere/none.db", create=False))
    uploads = Uploads(store, catalogue.get)
    application = application_over(nothing, folder, Clock().now, uploads=uploads)
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


def test_an_uploaded_image_comes_before_the_one_in_the_folder(client: httpx.Client) -> None:
    answer = client.get(BANNER)
    assert (answer.status_code, answer.content) == (200, FIRST.content)
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["content-length"] == str(len(FIRST.content))
    assert answer.headers["content-security-policy"] == OF_IMAGES
    assert answer.headers.keys() >= SECURITY


def test_a_replaced_image_is_seen_immediately_and_an_undo_brings_the_old_one_back(
    client: httpx.Client, catalogue: dict[int, str]
) -> None:
    for image in (FIRST, SECOND, FIRST):
        catalogue[7] = image.digest
        assert client.get(BANNER).content == image.content
    catalogue[7] = ""
    assert client.get(BANNER).content == IMAGES[".png"]
    catalogue[7] = SECOND.digest
    assert client.get(BANNER).content == SECOND.content


def test_browsers_keep_it_for_a_minute_and_then_ask_whether_it_has_changed(
    client: httpx.Client, catalogue: dict[int, str]
) -> None:
    answer = client.get(BANNER)
    assert answer.headers["cache-control"] == A_MINUTE
    known = {"If-None-Match": f'"other", W/{answer.headers["etag"]}'}
    unchanged = client.get(BANNER, headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == answer.headers["etag"]
    assert unchanged.headers["cache-control"] == A_MINUTE
    catalogue[7] = SECOND.digest
    assert client.get(BANNER, headers=known).content == SECOND.content


def test_a_banner_without_upload_is_kept_for_a_minute_if_people_may_upload_one(
    client: httpx.Client, catalogue: dict[int, str]
) -> None:
    eighth, ninth = "/static/images/image_8.png", "/static/images/image_9.png"
    assert client.get(eighth).headers["cache-control"] == A_DAY
    assert client.get(ninth).headers["cache-control"] == "public, max-age=300"
    catalogue |= {8: "", 9: ""}
    for headers in ({}, {"Range": "bytes=0-3"}):
        answers = (client.get(eighth, headers=headers), client.get(ninth))
        assert [each.headers["cache-control"] for each in answers] == [A_MINUTE, A_MINUTE]


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_upload_that_cannot_be_read_gives_way_to_the_folder(
    client: httpx.Client,
    store: Counted,
    catalogue: dict[int, str],
    *,
    is_gone: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.is_gone = is_gone
    catalogue[7] = SECOND.digest if is_gone else MISSING
    answer = client.get(BANNER)
    assert (answer.content, answer.headers["cache-control"]) == (IMAGES[".png"], A_MINUTE)
    assert ("cannot be read" if is_gone else "is missing") in caplog.text
    store.is_gone, catalogue[7] = False, SECOND.digest
    assert client.get(BANNER).content == SECOND.content


def test_an_upload_that_is_missing_is_logged_once(
    client: httpx.Client, catalogue: dict[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    catalogue[7] = MISSING
    for _ in range(3):
        client.get(BANNER)
    assert caplog.text.count(f"{MISSING} is missing") == 1


def test_each_time_that_an_upload_can_no_longer_be_read_is_logged_once(
    store: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    uploads = Uploads(store)
    for is_gone in (True, True, False, True, True):
        store.is_gone = is_gone
        uploads.reply(FIRST.digest)
    assert caplog.text.count(f"{FIRST.digest} cannot be read: The database is gone.") == 2


def test_what_is_followed_is_measured_and_read_before_it_is_asked_for(
    tmp_path: Path, store: Counted, catalogue: dict[int, str]
) -> None:
    sizes = Sizes()
    images = HeldImages(tmp_path, uploads=Uploads(store, catalogue.get), sizes=sizes)
    images.follow([7, 8])
    held = images.held(BANNER)
    assert held
    assert held.reply[2] == FIRST.content
    assert sizes.of(7) == (728, 90)
    images.follow([7, 8])
    images.load(7)
    assert store.reads == 1


def test_what_does_not_fit_in_memory_is_measured_and_read_when_it_is_asked_for(
    tmp_path: Path, store: Counted
) -> None:
    sizes = Sizes()
    catalogue = dict.fromkeys(range(1, 10), FIRST.digest)
    images = HeldImages(
        *(tmp_path,),
        uploads=Uploads(store, catalogue.get),
        sizes=sizes,
        most_bytes=2 * len(FIRST.content),
    )
    images.follow(catalogue)
    assert store.reads == 3
    assert {sizes.of(number) for number in catalogue} == {(728, 90)}
    loaded = images.load(9)
    assert loaded
    assert loaded.reply[2] == FIRST.content


def test_an_upload_of_a_type_that_is_unknown_here_is_not_shown(store: Counted) -> None:
    odd = UploadedImage(Size(1, 1), b"no image")
    store.write(odd)
    assert Uploads(store).reply(odd.digest) is None
    assert Uploads(None).reply(odd.digest) is None
