"""Uploaded images by their content, for operators: also of banners that no visitor sees yet."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from banners.core.addresses import Route
from banners.core.images import media_type_of
from banners.images.store import ImageStore
from banners.web.http.security import IMAGE_SECURITY_HEADERS

# The address contains the content's digest, so that it never changes.
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}


def routes(images: ImageStore) -> APIRouter:
    """Return the route of uploaded images.

    Args:
        images: where they are kept.
    """
    router = APIRouter(default_response_class=Response, include_in_schema=False)

    @router.get(Route.CATALOGUE_IMAGE)
    def uploaded(digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
        """Send an uploaded image."""
        content = images.read(digest)
        if content is None:
            raise HTTPException(404)
        headers = {**_KEPT, **IMAGE_SECURITY_HEADERS}
        return Response(content, headers=headers, media_type=media_type_of(content))

    return router
