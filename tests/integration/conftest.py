"""What several files share: served generations with their references, and a catalogue to edit."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import reader, reports
from reference.events import QuarterReference, read_quarter
from support.answers import Clock, application_over
from support.catalogue_pages import ADA, FILES, Operator, installation
from support.reported import SAMPLES, SERVED
from support.running import Workplace, serving


@pytest.fixture(scope="session")
def two_generations(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Two samples, crunched by the command one after the other."""
    place = Workplace(tmp_path_factory.mktemp("reported"))
    for seed, (folder, quarters) in enumerate(SAMPLES.items(), start=1):
        chosen = [word for each in quarters for word in ("--quarter", str(int(each)))]
        for words in (
            ("sample", folder, "--impressions", "9000", "--seed", str(seed)),
            ("crunch", folder, *chosen),
        ):
            ended = place.run(*words)
            assert ended.returncode == 0, ended.stderr
    return place


@pytest.fixture(scope="session")
def references(two_generations: Workplace) -> dict[int, dict[int, QuarterReference]]:
    """What each generation has, by its number and by quarter."""
    return {
        number: {
            int(each): read_quarter(two_generations.folder / folder, int(each)) for each in quarters
        }
        for number, (folder, quarters) in enumerate(SAMPLES.items(), start=1)
    }


@pytest.fixture(scope="session")
def served(references: dict[int, dict[int, QuarterReference]]) -> dict[int, QuarterReference]:
    """The live generation of each quarter."""
    return {quarter: references[number][quarter] for quarter, number in SERVED.items()}


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def client(two_generations: Workplace, clock: Clock) -> Iterator[httpx.Client]:
    """The application over the two generations, from memory and from the database."""
    folder = two_generations.folder / "var"
    settings = load_settings({"database_url": f"sqlite:///{folder}/banners.db"})
    application = application_over(
        *(reader(settings), folder / "images", clock.now),
        in_memory=True,
        reports=reports(settings),
    )
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """An installation without campaigns, whose pages edit the catalogue."""
    with installation(tmp_path) as here:
        yield here


@pytest.fixture
def ada(address: str) -> Iterator[Operator]:
    with Operator(address, *ADA) as signed_in:
        yield signed_in


@pytest.fixture
def sale(ada: Operator) -> str:
    """A campaign with three banners; the address of its banners."""
    here = ada.new_campaign("Sale")
    answer = ada.upload(
        f"{here}/banners", page=here, files=FILES, landing_url="https://shop.example"
    )
    assert answer.status_code == 200
    return here
