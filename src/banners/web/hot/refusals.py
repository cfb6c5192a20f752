"""The answers to requests that no application can be given: malformed, too large, not completed."""

import json
from functools import cache
from http import HTTPStatus

from banners.web.hot.replies import Reply, joined
from banners.web.http.problems import PROBLEM_TYPE, Problem, problem_document
from banners.web.http.security import SECURITY

_DETAILS = {
    HTTPStatus.BAD_REQUEST: "This is not a valid HTTP request (RFC 9112).",
    HTTPStatus.REQUEST_TIMEOUT: "The request was not complete in time. Send it again, in one go.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request line and its header fields are too "
    "large or too many. Send fewer cookies and fields.",
}


@cache
def refusal(status: HTTPStatus) -> Reply:
    """Return the answer that refuses a request: a problem document.

    Args:
        status: 400, 408 or 431.
    """
    code, title = status.name.lower(), status.phrase
    problem = Problem(status, code, title, _DETAILS[status], extra={}, headers={})
    body = json.dumps(problem_document(problem)).encode()
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *SECURITY,
        (b"connection", b"close"),
    ]
    return int(status), joined(headers), body
