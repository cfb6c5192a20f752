"""The file that says who may report conversions."""

import hmac
from pathlib import Path

import pytest

from banners.collect.conversions.senders import ANY_CAMPAIGN, Senders, read_senders
from banners.collect.token import campaign_tag
from banners.errors import CollectError

SHOP, AGENCY = "s" * 32, "a" * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "senders"


def read(path: Path, text: str) -> Senders:
    path.write_text(text, encoding="utf-8")
    return read_senders(path)


def test_a_sender_is_found_by_its_key_and_by_its_name(path: Path) -> None:
    senders = read(path, f"\ufeff# name key campaigns\n\nshop {SHOP}\t7,27\nagency {AGENCY} *\n")
    shop, agency = senders.with_key(SHOP.encode()), senders.with_key(AGENCY.encode())
    assert shop
    assert agency
    assert senders.named("shop") is shop
    assert senders.names() == ["shop", "agency"]
    assert shop.campaign_of(campaign_tag(27)) == 27
    assert shop.campaign_of(campaign_tag(28)) is None
    assert agency.campaign_of(campaign_tag(28)) == ANY_CAMPAIGN


@pytest.mark.parametrize("key", [b"", b"s" * 31, b"s" * 33, b"S" * 32, "é".encode(), b"\xff"])
def test_another_key_is_nobodys(path: Path, key: bytes) -> None:
    senders = read(path, f"shop {SHOP} *\n")
    assert senders.with_key(key) is None
    assert senders.named("other") is None


def test_every_key_is_compared_whoever_has_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    senders = read(path, f"shop {SHOP} *\nagency {AGENCY} *\n")
    compared: list[bytes] = []
    compare = hmac.compare_digest

    def noted(key: bytes, given: bytes) -> bool:
        compared.append(key)
        return compare(key, given)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    assert senders.with_key(SHOP.encode())
    assert compared == [SHOP.encode(), AGENCY.encode()]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"shop {SHOP}", "has 2 parts"),
        (f"shop {SHOP} 7, 27", "has 4 parts"),
        (f"sh/op {SHOP} *", "name that is not one"),
        (f"shop {SHOP[1:]} *", "a key of 31 characters"),
        (f"shop {SHOP} 7,x", "a campaign that is not an id"),
        (f"shop {SHOP} 0", "a campaign that is not an id"),
        (f"shop {SHOP} 7,294,671", "has the campaigns 294 and 671, which the tokens of clicks"),
        (f"agency {SHOP} *", "an earlier line has"),
        (f"shop {AGENCY} *", "an earlier line has"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_without_its_key(
    path: Path, line: str, sentence: str
) -> None:
    first = f"agency {AGENCY} 1\n"
    with pytest.raises(CollectError, match=sentence) as raised:
        read(path, first + line)
    assert "line 2" in str(raised.value)
    assert SHOP[1:] not in str(raised.value)
    assert AGENCY not in str(raised.value)


def test_a_file_that_cannot_be_read_is_an_error(path: Path) -> None:
    with pytest.raises(CollectError, match="No such file"):
        read_senders(path)
    path.write_bytes(b"shop \xff *")
    with pytest.raises(CollectError, match="not UTF-8"):
        read_senders(path)
