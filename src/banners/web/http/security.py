"""The security headers of every answer, as the framework and as the server take them."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

WITH_SCRIPT = {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "img-src 'self';", "img-src 'self' data:; script-src 'self'; connect-src 'self';"
    )
}
"""What the page with a script sends instead: it may load scripts and data from this site only."""

WITH_FRAME = {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "img-src 'self';", "img-src 'self'; frame-src 'self';"
    )
}
"""What the page with a preview of a frame sends instead."""

IMAGE_SECURITY_HEADERS = {
    **SECURITY_HEADERS,
    # An SVG may have styles of its own where it is opened by itself, and nothing else.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""What an image sends instead."""

SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
"""The security headers as the server takes them."""

FOR_OTHER_SITES = {"Access-Control-Allow-Origin": "*"}
"""Header of public JSON, which scripts of other sites may read."""

READABLE = [
    *SECURITY,
    *((name.lower().encode(), value.encode()) for name, value in FOR_OTHER_SITES.items()),
]
"""The security headers of public JSON."""

IMAGE_SECURITY = [
    (name.lower().encode(), value.encode()) for name, value in IMAGE_SECURITY_HEADERS.items()
]
"""The security headers of an image as the server takes them."""

EMBEDDABLE = [
    (name, value.replace(b"frame-ancestors 'none'", b"frame-ancestors *"))
    for name, value in SECURITY
]
"""The security headers of a page that other sites may frame."""
