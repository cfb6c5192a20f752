"""Answers of the hot path over a held quarter and a catalogue."""

import json
import re
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import Mock

from banners.core.addresses import PUBLIC_URL, Route, Site
from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign
from banners.core.model import FillPolicy, Performance, Quarter
from banners.serve.catalogue import Catalogue, encode
from banners.web.hot.delivery import Delivery
from banners.web.hot.images import HeldImages
from banners.web.hot.layouts import Layouts
from banners.web.hot.recorded import Recording
from banners.web.hot.replies import Headers, headers_of
from banners.web.hot.serving import Serving
from banners.web.http.templating import page_templates
from banners.web.metrics import Metrics
from banners.web.recording.recorder import Recorder
from support.held_catalogues import (
    GENERATION,
    Holder,
    candidates_of,
    version,
)

SHOES, BOOTS, HOUSE = 7, 8, 9


FRAMED = b"format=html"


class Held:
    """A quarter that has figures of some campaigns."""

    generation = GENERATION
    quarter = Quarter.FIRST
    campaigns: Sequence[int] = ()
    inventory: Sequence[int] = range(900, 950)

    def __init__(self, *candidates: Candidates) -> None:
        self._candidates = {each.campaign_id: each for each in candidates}
        self.read: list[int] = []

    def __contains__(self, campaign_id: int) -> bool:
        return campaign_id in self._candidates

    def candidates(self, campaign_id: int) -> Candidates | None:
        self.read.append(campaign_id)
        return self._candidates[campaign_id]

    def read_later(self, campaign_id: int) -> "Future[Candidates | None]":
        raise NotImplementedError


class Web:
    """The hot path over a held quarter and a catalogue, at a second that a test sets."""

    def __init__(self, images: Path, held: Held | None, catalogue: Catalogue | None) -> None:
        self.held, self.catalogue = held, Holder(catalogue)
        self.second = 1_000.0
        self.images = images
        self.fill: FillPolicy | None = None
        self.unknown_embeds = 0
        self.recorder: Recorder | None = None
        self._delivery: Delivery | None = None

    def reply(self, route: Route, campaign_id: int, query: bytes = b"", cookie: str = "") -> Any:
        headers: Headers = [(b"cookie", cookie.encode())] if cookie else []
        path = route.at(campaign_id=campaign_id)
        reply = self.delivery.answer_at_once(path, query, headers)
        return reply and (reply[0], headers_of(reply), reply[2])

    @property
    def delivery(self) -> Delivery:
        if self._delivery is None:
            site = Site(PUBLIC_URL)
            templates = page_templates(lambda name: name, site, indexed=False)
            serving = Serving(
                *(self.fill, Random(1), site, Layouts(templates, site)),
                count_unknown_embed=self._count_unknown_embed,
                is_recorded=self.recorder is not None,
            )
            counter = Metrics().counter
            recording = Recording(self.recorder, "", counter) if self.recorder else None
            self._delivery = Delivery(
                Mock(),
                held=lambda _: self.held,
                serving=serving,
                images=HeldImages(self.images),
                clock=lambda: (self.second, Quarter.FIRST),
                counter=counter,
                catalogue=self.catalogue,
                is_open=True,
                recording=recording,
            )
        return self._delivery

    def _count_unknown_embed(self) -> None:
        self.unknown_embeds += 1

    def page(self, campaign_id: int) -> str:
        return text(self.reply(Route.CAMPAIGN, campaign_id))

    def shown(self, campaign_id: int) -> list[int]:
        """The banners of a page, sorted."""
        return sorted(map(int, re.findall(r"image_([0-9]+)\.png", self.page(campaign_id))))

    def served(self, campaign_id: int) -> Any:
        return json.loads(text(self.reply(Route.API_BANNERS, campaign_id)))

    def lineup(self, campaign_id: int) -> Any:
        return json.loads(text(self.reply(Route.API_CAMPAIGN, campaign_id)))

    def follow(self, *campaigns: CatalogueCampaign, number: int, house: int | None = None) -> None:
        """Take a version that changes these campaigns."""
        before = self.catalogue.held
        assert before is not None
        changed = {each.campaign_id: encode(each) for each in campaigns}
        self.catalogue.held = Catalogue(
            version(number, house=house),
            {**before.records, **changed},
            before=before.version,
            changed=frozenset(changed),
        )


def text(reply: tuple[int, object, bytes] | None) -> str:
    assert reply is not None
    status, _, body = reply
    assert status == 200
    return body.decode()


def earned(*banner_ids: int, campaign_id: int = SHOES) -> Candidates:
    """Candidates that all convert, the first the best."""
    return candidates_of(
        [
            Performance(9, 9, 1, 100 - place, banner_id=each)
            for place, each in enumerate(banner_ids)
        ],
        campaign_id,
    )
