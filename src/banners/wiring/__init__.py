"""Builds the parts from the settings: the only package that knows all of them.

Heavy libraries are imported only when a part that needs them is built.
"""

from banners.wiring.catalogue import catalogue, catalogue_writer, names_of, published_campaigns
from banners.wiring.collect import close, forget_host, record_conversions
from banners.wiring.copied import copy_from
from banners.wiring.database import database_name, quarter_now, reader, reports, site, totals
from banners.wiring.demo import import_sample, make_conversion_key
from banners.wiring.evaluate import evaluate
from banners.wiring.export import export
from banners.wiring.job import check, crunch, crunch_in_memory, rank, release, roll_back
from banners.wiring.loop import loop
from banners.wiring.operators import is_open, make_secrets, sign_in_link
from banners.wiring.recording import check_recording
from banners.wiring.shown import shown_now
from banners.wiring.stress import stress
from banners.wiring.upgrade import upgrade
from banners.wiring.uploads import image_store
from banners.wiring.visitors import (
    VISITED_CAMPAIGNS,
    crowd,
    earned_by_arms,
    make_visited_catalogue,
    visited_banners,
    visited_folder,
)
from banners.wiring.web import web_application

__all__ = [
    "VISITED_CAMPAIGNS",
    "catalogue",
    "catalogue_writer",
    "check",
    "check_recording",
    "close",
    "copy_from",
    "crowd",
    "crunch",
    "crunch_in_memory",
    "database_name",
    "earned_by_arms",
    "evaluate",
    "export",
    "forget_host",
    "image_store",
    "import_sample",
    "is_open",
    "loop",
    "make_conversion_key",
    "make_secrets",
    "make_visited_catalogue",
    "names_of",
    "published_campaigns",
    "quarter_now",
    "rank",
    "reader",
    "record_conversions",
    "release",
    "reports",
    "roll_back",
    "shown_now",
    "sign_in_link",
    "site",
    "stress",
    "totals",
    "upgrade",
    "visited_banners",
    "visited_folder",
    "web_application",
]
