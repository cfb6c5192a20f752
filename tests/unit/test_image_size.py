"""The size of an image is read from its beginning, whatever its type."""

import io
from pathlib import Path

import pytest
from PIL import Image

from banners.core.images import USUAL_SIZE, Size
from banners.images.size import size_of

SVG = "http://www.w3.org/2000/svg"


def drawn(folder: Path, ending: str, width: int, height: int, **options: object) -> Path:
    path = folder / f"image_5{ending}"
    kind = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".gif": "GIF"}[ending.lower()]
    Image.new("RGB", (width, height), "teal").save(path, kind, **options)
    return path


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".gif", ".PNG", ".JPG"])
def test_the_size_of_an_image_of_pixels(tmp_path: Path, ending: str) -> None:
    assert size_of(drawn(tmp_path, ending, 728, 90)) == (728, 90)


def test_a_photograph_that_was_turned_is_as_large_as_browsers_show_it(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert size_of(drawn(tmp_path, ".jpg", 160, 600, exif=turned)) == (600, 160)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('width="160" height="600"', (160, 600)),
        ("width='728px' height='90.4'", (728, 90)),
        ('viewBox="0 0 160 600"', (300, 1125)),
        ('width="100%" height="100%" viewBox="0,0,728,90"', (300, 37)),
        ('viewBox="0 0 0 0"', USUAL_SIZE),
        ('width="0" height="0"', USUAL_SIZE),
        ("", USUAL_SIZE),
    ],
)
def test_the_size_of_an_svg(tmp_path: Path, attributes: str, expected: tuple[int, int]) -> None:
    path = tmp_path / "image_5.svg"
    path.write_text(f'<?xml version="1.0"?><!-- drawn --><svg xmlns="{SVG}" {attributes}>')
    assert size_of(path) == expected


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".gif"])
def test_an_image_that_is_damaged_has_the_usual_size(tmp_path: Path, ending: str) -> None:
    path = drawn(tmp_path, ending, 728, 90)
    path.write_bytes(path.read_bytes()[:14])
    assert size_of(path) == USUAL_SIZE
    assert size_of(tmp_path / f"nowhere{ending}") == USUAL_SIZE


def test_an_image_of_very_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("1", (1, 1)).save(content, "PNG")
    whole = bytearray(content.getvalue())
    # The width and the height in the header of a PNG, whose checksum is then wrong.
    whole[16:24] = (100_000).to_bytes(4, "big") * 2
    path = tmp_path / "image_5.png"
    path.write_bytes(whole)
    assert size_of(path) == USUAL_SIZE


def test_an_image_is_not_decoded_for_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image_7.png"
    Image.new("L", (160, 600)).save(path)

    def fail(_image: object) -> None:
        raise AssertionError("the image is decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    assert size_of(path) == Size(160, 600)
