"""What the OpenAPI document says beyond what the framework knows by itself."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM = "application/problem+json"


def describe(app: FastAPI) -> None:
    """Make the application's document true where the framework guesses.

    The framework takes it that what does not fit a schema is answered with 422, which it never is
    here, and that errors are ``application/json``.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _mended(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                )
            )
        return app.openapi_schema

    # The framework's own way to put another document in its place.
    app.openapi = document  # type: ignore[method-assign]


def _mended(document: dict[str, Any]) -> dict[str, Any]:
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            for response in responses.values():
                content = response.get("content", {})
                if PROBLEM in content:
                    content[PROBLEM] = content.pop("application/json")
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)
    return document
