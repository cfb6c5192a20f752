"""A day of an installation in fast motion: real servers, real HTTP, visitors with hidden tastes.

The web application is a process of its own. It and the loop go by one clock, which moves on when
its visitors have come, so that nothing waits for time to pass.
"""

import mmap
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from banners import wiring
from banners.cli.serve import LOOPBACK, address, listen, serve_here
from banners.cli.streams import echo
from banners.core.addresses import Route
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS
from banners.job.loop import run as loop_run
from banners.policies.comparison import Comparison
from banners.reports.totals import comparisons_of_all
from banners.serve import follow
from banners.settings import load_settings
from banners.visitors.crowd import Crowd
from banners.visitors.site import Bought, Shown, Site
from banners.visitors.tastes import looks_at, taste
from faults.commands import start_function
from faults.ledger import Ledger
from reference.tokens import read_token
from support.event_logs import SLOT
from support.loops import Ended
from support.recordings import banner, campaign, put
from support.running import Workplace
from support.servers import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOTS = 96
"""Number of slots in a day."""
VISITS = 16
"""Number of visits in a minute."""
SEED = 1
"""Decides what visitors like and do."""

_CAMPAIGNS = range(1, 5)
_BANNERS = 40
"""Number of banners of each campaign."""
_STEP = 60.0
_KEY = "0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b"


class SharedClock:
    """A clock that tells several processes the same time, from a file.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._time = memoryview(mmap.mmap(file.fileno(), 8)).cast("d")

    def now(self) -> float:
        return self._time[0]

    def set(self, moment: float) -> None:
        self._time[0] = moment


@dataclass
class Worth:
    """What views are worth by the tastes of the visitors who were shown them.

    Args:
        views: the number of views.
        revenue: the expected revenue of all of them.
    """

    views: int = 0
    revenue: float = 0.0

    @property
    def of_a_view(self) -> float:
        return self.revenue / self.views


class WitnessedSite(Site):
    """A site that writes down what was answered, and what each view is worth."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        super().__init__(str(place.hostname), int(place.port or 0), _KEY)
        self.ledger = Ledger()
        self.worth: defaultdict[str, Worth] = defaultdict(Worth)
        self._clicks: dict[str, int] = {}

    def generation(self, quarter: int) -> int:
        """Return the number of the generation that is served in a quarter; 0 if there is none."""
        path = Route.API_CAMPAIGN.at(campaign_id=_CAMPAIGNS[0])
        return int(self._json("GET", f"{path}?quarter={quarter}")["generation"])

    def view(self, campaign_id: int) -> tuple[Quarter, Sequence[Shown]]:
        quarter, banners = super().view(campaign_id)
        of_group = self.worth[read_token(_token(banners[0])).group]
        of_group.views += 1
        of_group.revenue += sum(
            looks_at(place) * taste(SEED, campaign_id, each.banner_id, quarter).worth
            for place, each in enumerate(banners, 1)
        )
        return quarter, banners

    def see(self, shown: Shown) -> None:
        super().see(shown)
        self.ledger.seen.add(_token(shown))

    def click(self, shown: Shown) -> str:
        click = super().click(shown)
        token, place = _token(shown), int(shown.click_url.rpartition("/")[2])
        self.ledger.clicked.add((token, place))
        self._clicks[click] = read_token(token).event_id(place)
        return click

    def buy(self, bought: Sequence[Bought]) -> list[bool]:
        accepted = super().buy(bought)
        assert all(accepted)
        for each in bought:
            self.ledger.converted[each.conversion_id] = (
                self._clicks[each.click],
                Decimal(each.revenue),
            )
        return accepted


def _token(shown: Shown) -> str:
    return shown.impression_url.rpartition("/")[2]


class _VisitedClock:
    """The clock of the loop: visitors come while it waits."""

    def __init__(self, shared: SharedClock, crowd: Crowd) -> None:
        self.now = shared.now
        self._shared = shared
        self._crowd = crowd
        self._ends = shared.now() + SLOTS * SLOT_SECONDS

    def wait_until(self, moment: float) -> None:
        while self.now() < moment:
            if self.now() >= self._ends:
                raise Ended
            for _ in range(VISITS):
                self._crowd.visit()
            self._shared.set(self.now() + _STEP)


@dataclass(frozen=True)
class Day:
    """What became of a day.

    Args:
        ledger: what visitors and advertisers were answered.
        worth: what the views are worth, by their group.
        failures: the number of requests that were not answered as expected.
        published: how many times each quarter of the hour was published.
        comparisons: what the installation says in the end of what its policy earns.
        earned_by_arms: what the demo would print of its trial.
    """

    ledger: Ledger
    worth: dict[str, Worth]
    failures: int
    published: Counter[int]
    comparisons: Sequence[Comparison]
    earned_by_arms: str

    @property
    def earned(self) -> Decimal:
        """The revenue of all conversions."""
        return sum((revenue for _, revenue in self.ledger.converted.values()), Decimal())

    @property
    def expected(self) -> float:
        """The expected revenue of everything that was shown."""
        return sum(each.revenue for each in self.worth.values())


def workplace_of(folder: Path, policy: str) -> Workplace:
    """Return an installation without any past, with a catalogue and a policy."""
    folder.mkdir()
    (folder / "senders").write_text(f"shop {_KEY} *\n")
    (folder / "clock").write_bytes(bytes(8))
    url = f"sqlite:///{folder / 'banners.db'}"
    put(
        url,
        *(
            campaign(each, map(banner, range(each * 100, each * 100 + _BANNERS)))
            for each in _CAMPAIGNS
        ),
    )
    return Workplace(
        folder,
        {
            "BANNERS_POLICY": policy,
            "BANNERS_DATABASE_URL": url,
            "BANNERS_EVENTS": str(folder / "events"),
            "BANNERS_CONVERSION_KEYS_FILE": str(folder / "senders"),
            "BANNERS_FLOOD": "0",
            "BANNERS_WAIT_SECONDS": "60",
        },
    )


def spend_a_day(workplace: Workplace) -> Day:
    """Serve visitors for a day, run the loop, and close everything that was recorded.

    Call it in a process of its own, since it changes how often the loop looks around.
    """
    # So that the loop does not look at the database every ten seconds of the day.
    loop_run.BEAT_SECONDS = SLOT_SECONDS
    os.chdir(workplace.folder)
    settings = load_settings(environment=workplace.environment)
    clock = SharedClock(workplace.folder / "clock")
    clock.set(SLOT * SLOT_SECONDS)
    live: Counter[int] = Counter()
    published: Counter[int] = Counter()
    with _server(workplace) as url:
        site = WitnessedSite(url)
        crowd = Crowd(site, _CAMPAIGNS, SEED, clock.now)

        def tell(sentence: str) -> None:
            if "published" in sentence:
                # Visitors go on when the server has what was published.
                quarter = int(sentence.split()[1].rstrip(","))
                until(lambda: site.generation(quarter) > live[quarter])
                live[quarter] = site.generation(quarter)
                published[quarter] += 1

        with (
            suppress(Ended),
            wiring.loop(
                settings, tell=tell, on_step=lambda _: None, clock=_VisitedClock(clock, crowd)
            ) as loop,
        ):
            loop.run()
        for _ in range(5):
            crowd.report(float("inf"))
        site.close()
    ended = datetime.fromtimestamp(clock.now() + SLOT_SECONDS, UTC)
    wiring.close(settings, (), lambda _: None, now=lambda: ended)
    with closing(wiring.totals(settings)) as totals:
        said = comparisons_of_all(totals)
    return Day(
        site.ledger,
        dict(site.worth),
        crowd.tally.failures,
        published,
        said,
        wiring.earned_by_arms(settings),
    )


@contextmanager
def _server(workplace: Workplace) -> "Iterator[str]":
    server = start_function(workplace, _serve, "clock")
    try:
        yield server.address
        server.signal(SIGTERM)
        assert server.wait() == 0, server.said
    finally:
        server.kill()


def _serve(clock: str) -> None:
    # So that visitors hardly wait for what was published.
    follow.SECONDS = 0.05
    with listen(LOOPBACK, 0) as listener:
        echo(f"Banners is at {address(listener)} ")
        serve_here(listener, load_settings(), 1, exclusive=True, clock=SharedClock(Path(clock)).now)
