"""The plain design that serving is measured against.

Flask under gunicorn, Redis as a cache-aside in front of MariaDB, a page by Jinja: what one would
write first. It reads the tables that Banners publishes, and shows the same banners.
"""

import json
import os
import random
from typing import Any

import pymysql
from flask import Flask, Response, jsonify, redirect, render_template, send_from_directory
from redis import Redis

LEAST = 5
KEEP_SECONDS = 600

LINEUP = """
SELECT l.rule, l.banner_ids, l.figures, l.fill_ids
FROM lineups l JOIN active_generations a ON a.generation = l.generation AND a.quarter = l.quarter
WHERE l.quarter = %s AND l.campaign_id = %s
"""
INVENTORY = """
SELECT i.banner_ids
FROM inventory i JOIN active_generations a ON a.generation = i.generation AND a.quarter = i.quarter
WHERE i.quarter = %s
"""
QUARTER = int(os.environ["PLAIN_QUARTER"])

app = Flask(__name__)
cache = Redis.from_url(os.environ["PLAIN_REDIS_URL"])


def query(statement: str, *values: int) -> list[tuple[Any, ...]]:
    """Ask the database."""
    connection = pymysql.connect(**json.loads(os.environ["PLAIN_DATABASE"]))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def cached(key: str, read: Any) -> Any:
    """Look into the cache, and if it is not there, read and keep it."""
    kept: Any = cache.get(key)
    if kept is None:
        kept = json.dumps(read())
        cache.set(key, kept, ex=KEEP_SECONDS)
    return json.loads(kept)


def lineup(campaign_id: int) -> dict[str, Any] | None:
    """Read the lineup of a campaign."""

    def read() -> dict[str, Any] | None:
        for rule, *lists in query(LINEUP, QUARTER, campaign_id):
            ids, figures, others = map(json.loads, lists)
            return {"rule": rule, "banner_ids": ids, "figures": figures, "others": others}
        return None

    found: dict[str, Any] | None = cached(f"plain:lineup:{campaign_id}", read)
    return found


def shown(found: dict[str, Any]) -> list[int]:
    """Give the banners to show, filled up to five, in random order."""
    ids = list(found["banner_ids"])
    ids += random.sample(found["others"], min(max(0, LEAST - len(ids)), len(found["others"])))
    if len(ids) < LEAST:
        rows = cached("plain:inventory", lambda: query(INVENTORY, QUARTER))
        more = {each for (part,) in rows for each in json.loads(part)} - set(ids)
        ids += random.sample(sorted(more), LEAST - len(ids))
    random.shuffle(ids)
    return ids


@app.get("/campaigns/<int:campaign_id>")
def page(campaign_id: int) -> Any:
    """Show a campaign's banners."""
    found = lineup(campaign_id)
    if found is None:
        return "No such campaign", 404
    return render_template("campaign.html", campaign_id=campaign_id, banner_ids=shown(found))


@app.get("/campaigns/<int:campaign_id>/banner")
def banner(campaign_id: int) -> Any:
    """Lead to the picture of one banner."""
    found = lineup(campaign_id)
    if found is None:
        return "No such campaign", 404
    return redirect(f"/static/images/image_{shown(found)[0]}.png")


@app.get("/api/v1/campaigns/<int:campaign_id>")
def document(campaign_id: int) -> Any:
    """Tell the lineup as JSON."""
    found = lineup(campaign_id)
    if found is None:
        return jsonify(error="no such campaign"), 404
    return jsonify(campaign_id=campaign_id, quarter=QUARTER, **found)


@app.get("/static/images/<name>")
def image(name: str) -> Response:
    """Send a picture."""
    return send_from_directory(os.environ["PLAIN_IMAGES"], name)
