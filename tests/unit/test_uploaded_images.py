"""Only real images are accepted, and of these only what draws is kept."""

import io
import re
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from banners.core.images import Size
from banners.errors import UploadRefused
from banners.images import check as checking
from banners.images.check import check
from banners.images.formats.jpeg import MOST_SCANS
from support.image_files import (
    MOVING,
    ORIENTATION,
    SECRET,
    TYPES,
    drawing,
    file_of,
    frames_of,
    moving,
    png_chunk,
    telling,
)
from support.tiny_images import IMAGES

GIF = file_of("GIF")
JPEG = file_of("JPEG")


def refusal(content: bytes) -> str:
    with pytest.raises(UploadRefused) as refused:
        check(content)
    return str(refused.value)


@pytest.mark.parametrize("kind", TYPES)
def test_every_pixel_of_a_still_image_stays_as_it_is(kind: str) -> None:
    content = file_of(kind)
    kept = check(content)
    assert kept.size == (40, 30)
    assert frames_of(kept.content) == frames_of(content)


@pytest.mark.parametrize("kind", MOVING)
def test_every_frame_of_an_animation_stays_as_it_is(kind: str) -> None:
    content = moving(kind)
    assert len(frames_of(content)) == 3
    assert frames_of(check(content).content) == frames_of(content)


@pytest.mark.parametrize(
    "content",
    [
        file_of("PNG", drawing().quantize(16), transparency=3),
        file_of("PNG", drawing().convert("LA")),
        file_of("JPEG", progressive=True),
        file_of("JPEG", drawing().convert("CMYK")),
        file_of("WEBP", lossless=True),
        file_of("WEBP", drawing().convert("RGBA")),
        file_of("GIF", drawing().quantize(16), transparency=3),
    ],
    ids=["palette", "grey", "progressive", "CMYK", "lossless", "transparent", "transparent GIF"],
)
def test_colours_and_transparency_stay_as_they_are(content: bytes) -> None:
    assert frames_of(check(content).content) == frames_of(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_colour_profile_stays(kind: str) -> None:
    profile = b"a profile" * 20
    with Image.open(io.BytesIO(check(file_of(kind, icc_profile=profile)).content)) as kept:
        assert kept.info["icc_profile"] == profile


@pytest.mark.parametrize("kind", TYPES)
def test_what_an_image_tells_about_its_maker_is_taken_out(kind: str) -> None:
    content = telling(kind)
    assert SECRET in content
    kept = check(content).content
    assert SECRET not in kept
    assert frames_of(kept) == frames_of(content)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("more", [b"PK\3\4 a ZIP archive", b"<script>alert(1)</script>", JPEG])
def test_what_follows_the_end_of_an_image_is_taken_out(kind: str, more: bytes) -> None:
    content = file_of(kind)
    assert check(content + more).content == check(content).content


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_kept_stays_as_it_is_when_it_is_uploaded_again(kind: str) -> None:
    kept = check(telling(kind))
    assert check(kept.content).digest == kept.digest


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_photograph_that_is_to_be_turned_still_says_so_and_nothing_else(orientation: int) -> None:
    kept = check(telling("JPEG", orientation))
    assert kept.size == ((30, 40) if orientation >= 5 else (40, 30))
    with Image.open(io.BytesIO(kept.content)) as image:
        assert dict(image.getexif()) == {ORIENTATION: orientation}
    assert kept.content[6:10] == b"JFIF"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_another_image_that_is_to_be_turned_is_refused(kind: str) -> None:
    assert "save it upright" in refusal(telling(kind, 6))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (IMAGES[".svg"], "an SVG drawing, which could run scripts"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\0\0\0\x1cftypheic\0\0\0\0", "an HEIC photograph"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "an AVIF image"),
        (b"\0\0\0\x1cftypisom\0\0\0\0", "a video"),
        (b"8BPS\0\1", "a Photoshop document"),
        (file_of("BMP"), "a BMP image"),
        (file_of("TIFF"), "a TIFF image"),
        (file_of("ICO"), "an icon"),
        (b"PK\3\4", "a ZIP archive"),
        (b"\n<!DOCTYPE html><title>", "a web page"),
        (b"hello", "not an image that can be shown"),
    ],
)
def test_a_file_of_another_type_is_named_and_refused(content: bytes, named: str) -> None:
    message = refusal(content)
    assert message.startswith(f"The file is {named}")
    assert message.endswith("Save it as PNG, JPEG, WebP or GIF, and upload that.")


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "The file is empty. Choose another one."


def test_a_file_of_too_many_bytes_is_refused() -> None:
    assert "The file has 5.0 MiB; an image may have up to 4." in refusal(bytes(5 * 2**20))


def stated_png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = png_chunk(b"IDAT", b"never looked at")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + data + png_chunk(b"IEND", b"")


def stated_gif(width: int, height: int) -> bytes:
    return GIF[:6] + struct.pack("<HH", width, height) + GIF[10:]


def stated_jpeg(width: int, height: int) -> bytes:
    place = re.search(rb"\xff\xc0..\x08", JPEG, re.DOTALL)
    assert place
    return JPEG[: place.end()] + struct.pack(">HH", height, width) + JPEG[place.end() + 4 :]


def stated_webp(width: int, height: int) -> bytes:
    content = bytearray(moving("WEBP"))
    place = content.index(b"VP8X") + 12
    content[place : place + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )
    return bytes(content)


@pytest.mark.parametrize("stated", [stated_png, stated_gif, stated_jpeg, stated_webp])
def test_an_image_that_unfolds_to_very_many_pixels_is_refused_before_it_is_decoded(
    stated: Callable[[int, int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", None)
    assert "60,000 by 50,000 pixels; an image may have up to 16 million" in refusal(
        stated(60_000, 50_000)
    )


def test_a_frame_beyond_the_screen_of_a_gif_counts_as_its_size() -> None:
    place = GIF.rindex(b"," + bytes(4)) + 1
    beyond = GIF[:place] + struct.pack("<HHHH", 60_000, 60_000, 40, 30) + GIF[place + 8 :]
    assert "60,040 by 60,030 pixels" in refusal(beyond)


@pytest.mark.parametrize("kind", MOVING)
def test_an_animation_of_too_many_frames_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_FRAMES", 2)
    assert "an animation of 3 frames; 2 are the most at 40 by 30" in refusal(moving(kind))


@pytest.mark.parametrize("kind", MOVING)
def test_an_animation_of_too_many_pixels_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_PIXELS_OF_ALL", 2 * 40 * 30)
    assert "an animation of 3 frames; 2 are the most at 40 by 30" in refusal(moving(kind))


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    scan = JPEG[JPEG.index(b"\xff\xda") : -2]
    assert "very many scans" in refusal(JPEG[:-2] + scan * MOST_SCANS + JPEG[-2:])


@pytest.mark.parametrize("kind", TYPES)
def test_half_of_an_image_is_refused(kind: str) -> None:
    content = file_of(kind)
    assert refusal(content[: len(content) // 2]).startswith("The file is damaged: ")


@given(kind=st.sampled_from(TYPES), at=st.integers(0, 10_000), changed=st.binary(max_size=8))
def test_whatever_is_changed_in_a_file_it_is_refused_or_can_be_shown(
    kind: str, at: int, changed: bytes
) -> None:
    content = file_of(kind)
    at %= len(content)
    try:
        kept = check(content[:at] + changed + content[at + len(changed) :])
    except UploadRefused:
        return
    with Image.open(io.BytesIO(kept.content)) as image:
        image.load()
        assert Size(*image.size) == kept.size or image.getexif()
