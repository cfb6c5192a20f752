"""The page of a campaign, put together from pieces, is the page that its template writes."""

import pytest

from banners.core.addresses import PUBLIC_URL, Site
from banners.core.model import Quarter
from banners.web.hot.layouts import Layouts, written_size
from banners.web.http.caller import EVERYBODY, VISITOR, Caller
from banners.web.http.templating import page_templates

SITE = Site(PUBLIC_URL)
TEMPLATES = page_templates(lambda name: f"/static/0/{name}", SITE, indexed=False)


@pytest.mark.parametrize("caller", [VISITOR, EVERYBODY], ids=["visitors", "everybody"])
def test_the_pieces_of_a_page_are_those_of_its_template(caller: Caller) -> None:
    size = written_size(728, 90)
    layout = Layouts(TEMPLATES, SITE, caller).filled[Quarter.SECOND]
    head, tail = layout.around(b"7", size)
    page = b"".join([head, *(layout.item.of(b"%d" % each) for each in (414, 3)), tail])
    shown = [
        {"banner_id": each, "image": SITE.image(each), "name": "", "link": ""} for each in (414, 3)
    ]
    written = TEMPLATES.get_template("campaign.html").render(
        campaign_id=7,
        name="",
        quarter=Quarter.SECOND,
        banners=shown,
        seen="",
        size=size.decode(),
        caller=caller,
    )
    assert page.decode() == written
