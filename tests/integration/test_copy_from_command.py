"""``banners copy-from``: an installation moves to another database by a command."""

import sqlite3
from contextlib import closing
from pathlib import Path

from banners.core.images import Size
from banners.images.folder import FolderImages
from banners.images.store import UploadedImage
from support.catalogues import files
from support.image_files import file_of
from support.running import Workplace

NEW = "sqlite:///new/banners.db"
OLD = "sqlite:///var/banners.db"
CAMPAIGNS = "7,Sale,,,,\n"
BANNERS = "7,70,Boots,https://shop.example/,,,\n"


def with_an_uploaded_image(workplace: Workplace) -> None:
    """Make results and a catalogue in the usual database, and an image in the usual folder."""
    for words in (
        ("sample", "events", "--impressions", "500", "--quarter", "1"),
        ("crunch", "events", "--accept"),
        ("catalogue", "import", str(files(workplace.folder / "catalogue", CAMPAIGNS, BANNERS))),
    ):
        ended = workplace.run(*words)
        assert ended.returncode == 0, ended.stderr
    image = UploadedImage(Size(40, 30), file_of("PNG"))
    with closing(FolderImages(workplace.folder / "var" / "uploads")) as folder:
        folder.write(image)
    with closing(sqlite3.connect(workplace.folder / "var" / "banners.db")) as database:
        database.execute("UPDATE catalogue_banners SET image = ?", (image.digest,))
        database.commit()


def test_everything_is_in_the_new_database(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path, {"BANNERS_UPLOADS": "database"})
    with_an_uploaded_image(workplace)
    ended = workplace.run("copy-from", OLD, "--database", NEW)
    assert ended.returncode == 0, ended.stderr
    counts = "Generations: 1; versions of the catalogue: 1; uploaded images: 1."
    assert ended.stdout == f"Everything is in {NEW} now. {counts}\n"
    for words in (("generations",), ("catalogue", "versions"), ("show", "7", "--quarter", "1")):
        there = workplace.run(*words, "--database", NEW)
        assert (there.returncode, there.stdout) == (0, workplace.run(*words).stdout)
    again = workplace.run("copy-from", OLD, "--database", NEW)
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_images_that_stay_in_their_folder_are_named(workplace: Workplace) -> None:
    with_an_uploaded_image(workplace)
    ended = workplace.run("copy-from", OLD, "--database", NEW)
    assert ended.returncode == 0
    assert "Uploaded images that were not copied into the database: 1." in ended.stderr


def test_nothing_to_copy_is_an_error_and_makes_no_file(workplace: Workplace) -> None:
    ended = workplace.run("copy-from", "sqlite:///elsewhere.db", "--database", NEW)
    assert ended.returncode == 1
    assert "sqlite:///elsewhere.db does not exist, so there is nothing to copy." in ended.stderr
    assert not (workplace.folder / "elsewhere.db").exists()
    assert not (workplace.folder / "new").exists()


def test_a_path_in_place_of_the_url_is_told_as_such(workplace: Workplace) -> None:
    ended = workplace.run("copy-from", "var/banners.db", "--database", NEW)
    assert ended.returncode == 2
    assert "URL, the database to copy from," in ended.stderr
    assert "BANNERS_DATABASE_URL" not in ended.stderr
