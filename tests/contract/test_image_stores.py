"""One suite over every place where uploaded images are kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from banners.core.images import Size
from banners.errors import StoreError
from banners.images.check import MOST_BYTES
from banners.images.store import ImageStore, UploadedImage
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.schema import CATALOGUE_IMAGES
from banners.wiring import image_store
from support.image_files import file_of, png_chunk

CONTENT = file_of("PNG")
IMAGE = UploadedImage(Size(40, 30), CONTENT)
MISSING = "0" * 64


@pytest.fixture(params=["folder", "sqlite", "mariadb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str | None]:
    """The settings of a place that holds nothing yet."""
    if request.param == "folder":
        return {"uploads": str(tmp_path / "some" / "uploads")}
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'folder' / 'banners.db'}"
    else:
        url = str(request.getfixturevalue("mariadb_url"))
    return {"uploads": "database", "database_url": url}


def opened(place: dict[str, str | None]) -> ImageStore:
    return image_store(load_settings(place, environment={}))


@pytest.fixture
def store(place: dict[str, str | None]) -> Iterator[ImageStore]:
    store = opened(place)
    yield store
    store.close()


def test_nothing_is_kept_in_the_beginning(store: ImageStore) -> None:
    assert store.read(IMAGE.digest) is None
    assert store.sizes([IMAGE.digest]) == {}


def test_an_image_is_read_as_it_was_written(store: ImageStore) -> None:
    store.write(IMAGE)
    assert store.read(IMAGE.digest) == CONTENT
    assert store.read(MISSING) is None


def test_other_hosts_find_it(store: ImageStore, place: dict[str, str | None]) -> None:
    store.write(IMAGE)
    other = opened(place)
    assert other.read(IMAGE.digest) == CONTENT
    other.close()


def test_the_largest_image_is_kept(store: ImageStore) -> None:
    # Bytes that a statement has to write as two each.
    content = CONTENT[:-12] + png_chunk(b"tEXt", b"'\\\0\n" * (MOST_BYTES // 4)) + CONTENT[-12:]
    largest = UploadedImage(Size(40, 30), content)
    store.write(largest)
    assert store.read(largest.digest) == content


def test_the_sizes_of_those_that_are_kept_are_known(store: ImageStore) -> None:
    other = UploadedImage(Size(40, 30), file_of("GIF"))
    store.write(IMAGE)
    store.write(other)
    many = [f"{number:064x}" for number in range(2_000)]
    assert store.sizes([*many, IMAGE.digest, other.digest]) == {
        IMAGE.digest: (40, 30),
        other.digest: (40, 30),
    }


def test_an_image_may_be_written_again(store: ImageStore) -> None:
    store.write(IMAGE)
    store.write(IMAGE)
    assert store.read(IMAGE.digest) == CONTENT


def test_an_image_may_be_written_by_several_at_once(place: dict[str, str | None]) -> None:
    others = [opened(place) for _ in range(4)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda other: other.write(IMAGE), others))
    for other in others:
        assert other.read(IMAGE.digest) == CONTENT
        other.close()


def test_a_damaged_image_is_not_shown(store: ImageStore, place: dict[str, str | None]) -> None:
    store.write(IMAGE)
    damage(place)
    assert store.read(IMAGE.digest) is None


def damage(place: dict[str, str | None]) -> None:
    if (url := place.get("database_url")) is None:
        [path] = [each for each in Path(str(place["uploads"])).rglob("*") if each.is_file()]
        path.write_bytes(CONTENT[:-1])
        return
    database = open_database(url, create=True)
    with database.begin() as connection:
        connection.execute(sa.update(CATALOGUE_IMAGES).values(content=CONTENT[:-1]))
    database.dispose()


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (
        {"uploads": str(tmp_path / "file")},
        {"uploads": "database", "database_url": "sqlite:////proc/nowhere/banners.db"},
    ):
        with pytest.raises(StoreError, match="cannot be"):
            opened({**place}).write(IMAGE)
