"""Random requests to every address: never a 5xx, always as the OpenAPI document describes."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.store.connect import open_database
from faults.attacked import SENDER, target
from faults.commands import serving
from strategies.requests import HEADERS, METHODS, VALUES, cases, nonsense, plausible_or_not
from support.publishing import publish
from support.running import Workplace
from support.servers import until

# Each conversion has an answer of its own, so that a malformed one refuses no others.
SCHEMATHESIS = """
[[operations]]
include-name = "POST /api/v1/conversions"
checks.negative_data_rejection.enabled = false
"""
CASES = cases(40)
PARAMETERS = [b"quarter", b"format", b"campaign_id", b"x"]

# Visible characters only: the client refuses to send others in a header.
words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
headers = st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(VALUES) | words, max_size=4)
queries = st.lists(st.tuples(st.sampled_from(PARAMETERS) | nonsense, plausible_or_not), max_size=3)
bodies = st.none() | nonsense | plausible_or_not.map(lambda value: b"campaign_id=" + value)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("fuzzed")
    url = f"sqlite:///{folder / 'banners.db'}"
    database = open_database(url, create=True)
    publish(database, 1_000, *Quarter)
    database.dispose()
    with serving(Workplace(folder, {"BANNERS_DATABASE_URL": url})) as started:
        until(lambda: httpx.get(f"{started.address}/readyz").status_code == 200)
        yield started.address


def paths_of(template: str) -> st.SearchStrategy[str]:
    """Fill the parameters of a path with random values, percent-encoded."""
    pieces = [piece.partition("}")[2] for piece in template.split("{")]
    places = len(pieces) - 1
    filled = st.lists(plausible_or_not, min_size=places, max_size=places)
    first = template.partition("{")[0]
    return filled.map(
        lambda values: (
            first
            + "".join(
                quote_from_bytes(value, safe="/") + piece
                for value, piece in zip(values, pieces[1:], strict=True)
            )
        )
    )


@pytest.mark.slow
def test_no_request_to_an_address_is_answered_with_5xx(address: str) -> None:
    described = httpx.get(f"{address}/openapi.json").json()["paths"]
    place = urlsplit(address).netloc
    for template, operations in [
        *described.items(),
        ("/{anything}", {}),
        ("/static/{version}/{name}", {}),
    ]:
        own = [method.upper() for method in operations]

        @settings(max_examples=CASES)
        @given(
            method=st.sampled_from([*own, *METHODS]),
            path=paths_of(template),
            query=queries,
            sent=headers,
            body=bodies,
        )
        def ask(method: str, path: str, query: Any, sent: dict[str, str], body: Any) -> None:
            pairs = [f"{quote_from_bytes(name)}={quote_from_bytes(text)}" for name, text in query]
            url = path + (f"?{'&'.join(pairs)}" if pairs else "")
            connection.request(method, url, body=body, headers=sent)
            with connection.getresponse() as answer:
                answer.read()
            assert answer.status < 500

        with closing(http.client.HTTPConnection(place, timeout=30)) as connection:
            ask()


@pytest.mark.slow
def test_every_answer_is_as_described(tmp_path: Path) -> None:
    """Valid requests are answered and invalid ones refused, as the OpenAPI document says."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    (tmp_path / "schemathesis.toml").write_text(SCHEMATHESIS)
    with target(tmp_path, operators="open") as here:
        ended = subprocess.run(
            [
                *(schemathesis, "run", f"{here.address}/openapi.json"),
                *("--max-examples", str(CASES), "--header", f"Authorization: {SENDER}"),
                # Without the stateful phase: no request depends on another.
                *("--phases", "examples,coverage,fuzzing"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        here.assert_well()
    assert ended.returncode == 0, ended.stdout + ended.stderr
