"""What operators ask for is compressed, and tells nobody the tokens of its forms."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.catalogue import CatalogueCampaign
from banners.web.operators.signing import masked, unmasked
from support.catalogue_pages import ADA, RITA, Operator, installation
from support.catalogues import banner
from support.learned import put_catalogue
from support.operators import form_token

MOST_BYTES = 100_000
"""Maximum number of bytes of a page without its images."""
LARGE = "/catalogue/1"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """An installation with a campaign of 300 banners with long names."""
    banners = tuple(
        banner(each, name=f"{each} {'Everything must go! ' * 4}") for each in range(300)
    )
    campaign = CatalogueCampaign(campaign_id=1, name="Large", banners=banners)
    put_catalogue(f"sqlite:///{tmp_path}/banners.db", campaign)
    with installation(tmp_path) as found:
        yield found


def sent(client: httpx.Client, path: str, encoding: str = "gzip") -> tuple[httpx.Response, bytes]:
    """Return an answer and its body as it was sent."""
    with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        return answer, b"".join(answer.iter_raw())


def test_the_page_of_a_large_campaign_is_sent_compressed(address: str) -> None:
    with Operator(address, *ADA) as ada:
        plain, whole = sent(ada.client, LARGE, "identity")
        packed, body = sent(ada.client, LARGE)
    assert "content-encoding" not in plain.headers
    assert len(whole) > MOST_BYTES
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert len(body) == int(packed.headers["content-length"]) < MOST_BYTES / 4
    assert b"299 Everything must go!" in gzip.decompress(body)


@pytest.mark.parametrize("encoding", ["gzip;q=0", "identity, gzip; q=0.000", "br"])
def test_nothing_is_compressed_for_a_client_that_does_not_accept_it(
    address: str, encoding: str
) -> None:
    with Operator(address, *ADA) as ada:
        answer, body = sent(ada.client, LARGE, encoding)
    assert "content-encoding" not in answer.headers
    assert b"299 Everything must go!" in body


def test_readers_get_compressed_answers_and_visitors_plain_ones(address: str) -> None:
    with Operator(address, *RITA) as rita, httpx.Client(base_url=address) as visitor:
        assert sent(rita.client, "/openapi.json")[0].headers["content-encoding"] == "gzip"
        answer, body = sent(visitor, "/openapi.json")
    assert "content-encoding" not in answer.headers
    assert len(body) > MOST_BYTES / 4


def test_each_page_masks_the_token_differently_and_all_are_accepted(address: str) -> None:
    with Operator(address, *ADA) as ada:
        tokens = [form_token(ada.client.get(LARGE)) for _ in range(3)]
        assert len(set(tokens)) == 3
        for place, token in enumerate(tokens):
            fields = {"form_token": token, "name": f"Campaign {place}"}
            assert ada.client.post("/catalogue", data=fields).status_code == 200
        refused = ada.client.post("/catalogue", data={"form_token": tokens[0][:-4], "name": "X"})
        assert refused.status_code == 403


@given(st.text(st.characters(max_codepoint=127), min_size=1, max_size=60))
def test_unmasking_returns_the_token_that_was_masked(token: str) -> None:
    assert unmasked(masked(token)) == token


@given(st.text(max_size=2_000))
def test_unmasking_accepts_any_text(sent_text: str) -> None:
    assert isinstance(unmasked(sent_text), str)
