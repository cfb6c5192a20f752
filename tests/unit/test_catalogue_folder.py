"""Every fault that the files of a catalogue can have, and files without any."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banners.catalogue import folder as limits
from banners.catalogue import lines
from banners.catalogue.export import write_folder
from banners.catalogue.faults import MOST_FAULTS
from banners.catalogue.folder import CheckedFolder, read_folder
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.errors import CatalogueError, CatalogueFaults
from support.catalogues import BANNERS_HEADER, CAMPAIGNS_HEADER, banner, campaign, files

ONE = "5,Autumn sale,,,yes,\n"
SHOE = "5,414,Red shoe,https://shop.example/shoe,,,yes\n"


def read(folder: Path) -> CheckedFolder:
    return read_folder(folder, UTC)


def faults(folder: Path) -> list[str]:
    return [str(fault) for fault in read(folder).faults]


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    folder = files(
        tmp_path,
        "7,Shoes,2026-11-27,2026-12-01T00:00:00Z,no,rule\n" + ONE,
        "5,9,Blue shoe,,,2026-12-01,off\n" + SHOE,
    )
    found = read(folder)
    assert (found.total, found.faults, found.banners) == (0, (), 2)
    assert found.campaigns == (
        CatalogueCampaign(
            campaign_id=5,
            name="Autumn sale",
            banners=(
                CatalogueBanner(banner_id=9, name="Blue shoe", ends=1_796_083_200, active=False),
                CatalogueBanner(
                    banner_id=414, name="Red shoe", landing_url="https://shop.example/shoe"
                ),
            ),
        ),
        CatalogueCampaign(
            campaign_id=7,
            name="Shoes",
            policy="rule",
            starts=1_795_737_600,
            ends=1_796_083_200,
            active=False,
        ),
    )
    found.refuse_faults(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.removesuffix("\n"),
        lambda text: text + "\n \n",
        lambda text: text.replace("campaign_id,", "Campaign_ID, "),
        lambda text: text.replace("Autumn sale", '"Autumn sale"').replace("5,", " 5 ,"),
    ],
    ids=["BOM", "CRLF", "no last line end", "blank lines", "header in capitals", "spaces, quotes"],
)
def test_forms_that_programs_write_are_read_alike(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    folder = files(tmp_path, ONE, SHOE)
    expected = read(folder)
    assert expected.total == 0
    for name in ("campaigns.csv", "banners.csv"):
        path = folder / name
        path.write_bytes(change(path.read_text("utf-8")).encode())
    assert read(folder) == expected


def test_times_without_an_offset_are_in_the_zone(tmp_path: Path) -> None:
    folder = files(tmp_path, "5,Autumn sale,2026-11-27,,,\n")
    (found,) = read_folder(folder, ZoneInfo("Europe/Berlin")).campaigns
    assert found.starts == 1_795_737_600 - 3_600


@pytest.mark.parametrize(
    ("campaigns", "banners", "told"),
    [
        ("x,Sale,,,,\n", "", "campaigns.csv, line 2, campaign_id: “x” is not an id; expected"),
        ("5,,,,,\n", "", "campaigns.csv, line 2, name: the name is empty; expected"),
        (f"5,{'x' * 201},,,,\n", "", "campaigns.csv, line 2, name: the name has 201 characters"),
        ("5,a\0b,,,,\n", "", "campaigns.csv, line 2, name: the name “a\\x00b” holds a control"),
        ("5,Sale,soon,,,\n", "", "campaigns.csv, line 2, starts: “soon” is not a time; expected"),
        ("5,Sale,,soon,,\n", "", "campaigns.csv, line 2, ends: “soon” is not a time; expected"),
        (
            "5,Sale,2026-11-28,2026-11-27,,\n",
            "",
            "campaigns.csv, line 2, ends: it ends at 2026-11-27T00:00:00Z, which is not after",
        ),
        ("5,Sale,,,perhaps,\n", "", "campaigns.csv, line 2, active: “perhaps” says neither yes"),
        ("5,Sale,,,,best\n", "", "campaigns.csv, line 2, policy: “best” is not a policy"),
        (ONE + ONE, "", "campaigns.csv, line 3, campaign_id: campaign 5 is already on line 2"),
        ("5,Sale,,,\n", "", "campaigns.csv, line 2: the line has 5 columns; expected 6."),
        ("5,Sale,,,,,\n", "", "campaigns.csv, line 2: the line has 7 columns; expected 6."),
        ('5,"Sale,,,,\n', "", "campaigns.csv, line 2: the quotation marks do not match; expected"),
        ('5,"Sale"s,,,,\n', "", "campaigns.csv, line 2: the quotation marks do not match"),
        ("5,Sa\rle,,,,\n", "", "campaigns.csv, line 2: the line holds a carriage return; expected"),
        (ONE, SHOE.replace("5,", "x,", 1), "banners.csv, line 2, campaign_id: “x” is not an id"),
        (ONE, SHOE.replace("414", ""), "banners.csv, line 2, banner_id: the id is empty; expected"),
        (ONE, SHOE.replace("Red shoe", ""), "banners.csv, line 2, name: the name is empty"),
        (
            ONE,
            SHOE.replace("https:", "ftp:"),
            "banners.csv, line 2, landing_url: the landing page “ftp://shop.example/shoe” is not",
        ),
        (ONE, "5,414,Shoe,,x,,yes\n", "banners.csv, line 2, starts: “x” is not a time"),
        (ONE, "5,414,Shoe,,,x,yes\n", "banners.csv, line 2, ends: “x” is not a time"),
        (ONE, "5,414,Shoe,,,,x\n", "banners.csv, line 2, active: “x” says neither yes nor no"),
        (
            ONE,
            SHOE + SHOE,
            "banners.csv, line 3, banner_id: banner 414 of campaign 5 is already on",
        ),
        ("", SHOE, "banners.csv, line 2, campaign_id: campaign 5 is not in campaigns.csv; add it"),
    ],
    ids=str,
)
def test_a_fault_is_told_with_file_line_column_and_reason(
    tmp_path: Path, campaigns: str, banners: str, told: str
) -> None:
    (found,) = faults(files(tmp_path, campaigns, banners))
    assert found.startswith(told)


def test_all_faults_of_both_files_are_told_in_order(tmp_path: Path) -> None:
    folder = files(tmp_path, "x,,,,,\n5,,,,perhaps,best\n", "5,0,,ftp:,x,,\n" + SHOE)
    assert [(fault.file, fault.line, fault.column) for fault in read(folder).faults] == [
        ("campaigns.csv", 2, "campaign_id"),
        ("campaigns.csv", 3, "name"),
        ("campaigns.csv", 3, "policy"),
        ("campaigns.csv", 3, "active"),
        ("banners.csv", 2, "banner_id"),
        ("banners.csv", 2, "name"),
        ("banners.csv", 2, "landing_url"),
        ("banners.csv", 2, "starts"),
    ]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"", "the header is empty; expected campaign_id,name,starts,ends,active,policy."),
        (b"\n5,Sale,,,,\n", "the header is empty; expected"),
        (b"5,Sale,,,,\n", "the header is “5,Sale,,,,”; expected campaign_id,name,"),
        (CAMPAIGNS_HEADER.replace(",", ";").encode(), "the header is “campaign_id;name;"),
        (b'"campaign_id,name\n', "the quotation marks do not match"),
        (CAMPAIGNS_HEADER.encode("utf-16"), "the file is UTF-16; save it as UTF-8."),
        (b"\xff" + CAMPAIGNS_HEADER.encode(), "byte 1 of the line is not UTF-8"),
    ],
    ids=str,
)
def test_a_wrong_header_is_told_once(tmp_path: Path, header: bytes, told: str) -> None:
    folder = files(tmp_path, "", SHOE)
    (folder / "campaigns.csv").write_bytes(header)
    (found,) = faults(folder)
    assert found.startswith(f"campaigns.csv, line 1: {told}")


def test_bytes_that_are_not_utf_8_spoil_their_line_alone(tmp_path: Path) -> None:
    folder = files(tmp_path)
    (folder / "campaigns.csv").write_bytes(
        CAMPAIGNS_HEADER.encode() + b"5,Caf\xe9,,,,\nx,Sale,,,,\n"
    )
    first, second = faults(folder)
    assert first.startswith("campaigns.csv, line 2: byte 6 of the line is not UTF-8")
    assert second.startswith("campaigns.csv, line 3, campaign_id")


def test_a_line_that_is_too_long_spoils_itself_alone(tmp_path: Path) -> None:
    folder = files(tmp_path, f"5,{'x' * 100_000},,,,\nx,Sale,,,,\n")
    first, second = faults(folder)
    assert first == ("campaigns.csv, line 2: the line is too long; expected at most 16,384 bytes.")
    assert second.startswith("campaigns.csv, line 3, campaign_id")


def test_files_that_are_not_there_are_faults(tmp_path: Path) -> None:
    assert faults(tmp_path / "none") == [
        "campaigns.csv: the file cannot be read: No such file or directory.",
        "banners.csv: the file cannot be read: No such file or directory.",
    ]


def test_a_folder_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    files(tmp_path)
    (tmp_path / "banners.csv").unlink()
    (tmp_path / "banners.csv").mkdir()
    assert faults(tmp_path) == ["banners.csv: this is not a file; expected one."]


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path, ONE)
    monkeypatch.setattr(lines, "MOST_FILE_BYTES", len(BANNERS_HEADER))
    (found,) = faults(tmp_path)
    assert found.startswith("campaigns.csv: the file has 64 bytes; expected at most ")


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("MOST_CAMPAIGNS", "campaigns.csv, line 3: the file has more than 1 campaigns."),
        ("MOST_BANNERS", "banners.csv, line 3: the file has more than 1 banners."),
        ("MOST_OF_CAMPAIGN", "banners.csv, line 3: campaign 5 has more than 1 banners."),
    ],
)
def test_a_catalogue_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, told: str
) -> None:
    folder = files(tmp_path, ONE + "6,Sale,,,,\n7,Sale,,,,\n", SHOE + "5,1,a,,,,\n5,2,b,,,,\n")
    monkeypatch.setattr(limits, limit, 1)
    assert faults(folder) == [told]


def test_faults_beyond_the_first_hundred_are_counted(tmp_path: Path) -> None:
    folder = files(tmp_path, "x,Sale,,,,\n" * (MOST_FAULTS + 3))
    found = read(folder)
    assert (len(found.faults), found.total) == (MOST_FAULTS, MOST_FAULTS + 3)
    with pytest.raises(
        CatalogueFaults, match=r"has 103 faults, so it cannot be imported"
    ) as caught:
        found.refuse_faults(folder)
    assert str(caught.value).endswith("\n  … and 3 more.")


def test_a_single_fault_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFaults, match="has 1 fault, so it") as caught:
        read(files(tmp_path, "x,Sale,,,,\n")).refuse_faults(tmp_path)
    assert len(str(caught.value).split("\n")) == 2


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)
NAMES = TEXT.map(str.strip).filter(
    lambda name: (
        bool(name) and not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    )
)
MOMENTS = st.none() | st.integers(0, 10**9)
ENDS = st.none() | st.integers(10**9 + 1, 253_402_300_799)
URLS = st.sampled_from(["", "https://shop.example/?a=1,2&b={click}"])
BANNERS = st.builds(
    CatalogueBanner,
    banner_id=st.integers(1, 10**18 - 1),
    name=NAMES | NAMES.map("='{}".format),
    landing_url=URLS,
    starts=MOMENTS,
    ends=ENDS,
    active=st.booleans(),
)
CAMPAIGNS = st.builds(
    CatalogueCampaign,
    campaign_id=st.integers(1, 10**18 - 1),
    name=NAMES | st.sampled_from(["=1", "'=1", "''+1", "' =1", '"a", "b"', "'", "-"]),
    starts=MOMENTS,
    ends=ENDS,
    active=st.booleans(),
    policy=st.sampled_from(["", "rule"]),
    banners=st.lists(BANNERS, max_size=4, unique_by=lambda each: each.banner_id).map(
        lambda each: tuple(sorted(each, key=lambda banner: banner.banner_id))
    ),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(CAMPAIGNS, max_size=4, unique_by=lambda each: each.campaign_id))
def test_a_catalogue_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, campaigns: list[CatalogueCampaign]
) -> None:
    folder = tmp_path_factory.mktemp("catalogue")
    ordered = sorted(campaigns, key=lambda each: each.campaign_id)
    counts = write_folder(folder, ordered)
    found = read_folder(folder, ZoneInfo("Europe/Berlin"))
    assert (found.campaigns, found.total) == (tuple(ordered), 0)
    assert counts == (len(ordered), found.banners)
    assert sorted(path.name for path in folder.iterdir()) == ["banners.csv", "campaigns.csv"]


def test_no_cell_that_is_written_is_a_formula(tmp_path: Path) -> None:
    write_folder(tmp_path, [campaign(5, name="=cmd()")])
    written = (tmp_path / "campaigns.csv").read_text("utf-8")
    assert written == CAMPAIGNS_HEADER + "5,'=cmd(),,,yes,\n"


def test_a_catalogue_replaces_an_older_one(tmp_path: Path) -> None:
    write_folder(tmp_path / "new", [campaign(5, 1), campaign(6, 1)])
    write_folder(tmp_path / "new", [campaign(5)])
    assert read(tmp_path / "new").campaigns == (campaign(5),)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match="cannot be written to"):
        write_folder(tmp_path / "file" / "folder", [campaign(5, 1), campaign(6)])


def test_what_fails_while_it_is_written_leaves_the_old_files(tmp_path: Path) -> None:
    write_folder(tmp_path, [campaign(5, 1)])

    def broken() -> object:
        yield campaign(6)
        raise OSError(28, "No space left on device")

    with pytest.raises(CatalogueError, match="No space left on device"):
        write_folder(tmp_path, broken())  # type: ignore[arg-type]  # as a store might fail
    assert read(tmp_path).campaigns == (campaign(5, 1),)


def test_banners_of_a_campaign_with_faults_are_not_faults_too(tmp_path: Path) -> None:
    assert faults(files(tmp_path, "5,,,,,\n", SHOE)) == [
        "campaigns.csv, line 2, name: the name is empty; expected what people call it."
    ]


def test_a_banner_may_belong_to_several_campaigns(tmp_path: Path) -> None:
    write_folder(tmp_path, [campaign(5, 1), campaign(6, 1)])
    found = read(tmp_path)
    assert [each.banners for each in found.campaigns] == [(banner(1),), (banner(1),)]
