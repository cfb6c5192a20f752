"""What clients can rely on, in Markdown: for the OpenAPI document and for its page."""

import json
from collections.abc import Mapping

from banners.core.addresses import Route
from banners.errors import InvalidCampaignId
from banners.web.api.commands import curl
from banners.web.campaign_list import PAGE_CAMPAIGNS
from banners.web.http.files import KEPT_LONG
from banners.web.http.problems import PROBLEM_TYPE, problem_document, problem_kinds, problem_of

ABOUT = "Which banners does a campaign show in a quarter of the hour, and why?"
"""The first sentence of the description."""


def policy(public_url: str) -> dict[str, str]:
    """Return the text of each section of the policy, by its heading.

    Args:
        public_url: the URL of the application as its users reach it.
    """
    sections = {
        "Versions": _VERSIONS,
        "Errors": _errors(public_url),
        "Lists": _LISTS,
        "Caching": _CACHING,
        "Ids": _IDS,
        "Scripts": _SCRIPTS,
    }
    return {heading: text.strip() for heading, text in sections.items()}


def description(sections: Mapping[str, str]) -> str:
    """Return the sections as one text."""
    return "\n\n".join([ABOUT, *(f"## {heading}\n\n{text}" for heading, text in sections.items())])


_VERSIONS = f"""
The version is part of the path: `{Route.API}`. Everything that this document describes stays the \
same for as long as that path is answered.

Within a version, the following may be added, and clients should ignore what they do not know: \
addresses, optional parameters, members of an object (in any order), and values of `rule`, `code` \
and `status`. The wording of `title`, `detail` and `explanation` may change.

A change that breaks clients gets a new version: removing or renaming an address, a parameter or a \
member; another type or meaning of a member; another status for the same request; a new required \
parameter. The previous version stays available beside the new one; the changelog says until when.
"""

_LISTS = f"""
`{Route.API_CAMPAIGNS}` returns {PAGE_CAMPAIGNS} campaigns per page. `total` and `pages` are the \
numbers of campaigns and pages. `next` is the address of the next page, with the same quarter, \
search and order; it is null on the last page. To read the complete list, follow `next` until it \
is null. A page after the last one has no items; it is not an error.

Every page is read from the generation that is live at that moment. If `generation` differs from \
that of the previous page, a new result was published in between: start again at the first page.
"""

_CACHING = f"""
Answers depend on the quarter of the hour and on what is published, so they must not be stored: \
`Cache-Control: no-store`. Images may be cached (`{KEPT_LONG["Cache-Control"]}`), and revalidated \
with `If-None-Match` and the `ETag` that they came with.

To store a lineup, use `quarter` and `generation` as its key: both are in every answer, and a \
generation never changes.
"""

_IDS = """
Ids have up to 18 digits, and are numbers in JSON. JavaScript, and other languages whose numbers \
are floating-point, read a number above 9007199254740991 (2^53 - 1) as another one, without an \
error. There, read the members whose names end in `_text` instead: `campaign_id_text` and \
`banner_id_text` hold the same id as text, and `campaign_text` of `fill` the same ids.
"""

_SCRIPTS = f"""
Scripts of any site may read `{Route.API_BANNERS}` (what a visitor would see) and \
`{Route.OPENAPI}`, errors included and without cookies: `Access-Control-Allow-Origin: *`. All \
other addresses can only be read by scripts of this site.

The address of an image is a path of this site. On another site, resolve it against the address of \
the answer, as in `new URL(banner.image, answer.url)`.
"""


def _errors(public_url: str) -> str:
    malformed = "1.5"
    example = problem_document(problem_of(InvalidCampaignId(malformed)))
    rows = [f"| `{each.code}` | {each.status.value} | {each.title} |" for each in problem_kinds()]
    return f"""
An error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Programs \
should read its `code`, which never changes; `detail` tells people what was found, what was \
expected and what to do next. For example,

```sh
{curl(f"{public_url}{Route.API_CAMPAIGN.at(campaign_id=malformed)}")}
```

answers `400` with `{PROBLEM_TYPE}`, code `invalid_campaign_id`:

```json
{json.dumps(example, indent=2, ensure_ascii=False)}
```

Pages answer an error with the same status and show the form again with the same sentence. A `503` \
has the header `Retry-After`, in seconds. A method that an address does not accept, such as

```sh
{curl(f"{public_url}{Route.API_CAMPAIGNS}", "--request", "DELETE")}
```

answers `405` with `{PROBLEM_TYPE}`, code `method_not_allowed`; the header `Allow` lists the \
methods that the address accepts. HEAD is accepted wherever GET is.

| Code | Status | Meaning |
| --- | --- | --- |
""" + "\n".join(rows)
