"""Builds the stress test."""

import time
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from banners.core.model import Quarter
from banners.errors import StoreError
from banners.settings import Settings
from banners.wiring.catalogue import catalogue
from banners.wiring.database import reader

if TYPE_CHECKING:
    from banners.serve.catalogue import Catalogue
    from banners.stress.run import OnProgress, Outcome, Plan

STRESSED_CAMPAIGNS = 20_000
"""Maximum number of campaigns that a stress test requests, spread evenly over those published."""


def stress(settings: Settings, plan: "Plan", on_progress: "OnProgress") -> "Outcome":
    """Run a stress test against what the database has published: see :func:`banners.stress.run`.

    Args:
        settings: the settings of the server that is tested.
        plan: what to request.
        on_progress: called with the progress.
    """
    from banners.serve.catalogue_copy import CatalogueCopy
    from banners.stress.published import PublishedHistory
    from banners.stress.run import run

    def second_at(moment: float) -> float:
        return time.time() - (time.perf_counter() - moment)

    def quarter_at(moment: float) -> Quarter:
        return Quarter.at(datetime.fromtimestamp(second_at(moment), settings.timezone))

    copy = CatalogueCopy(catalogue(settings))

    def in_force() -> "Catalogue":
        copy.load()
        if copy.held is None:
            raise copy.source_error or StoreError()
        return copy.held

    with closing(reader(settings)) as published, closing(copy):
        history = PublishedHistory(
            published,
            fill=settings.fill,
            now=time.perf_counter,
            quarter_at=quarter_at,
            second_at=second_at,
            catalogue=in_force,
            at_most=STRESSED_CAMPAIGNS,
            prefix=plan.target.root,
        )
        return run(plan, history, on_progress, time.perf_counter)
