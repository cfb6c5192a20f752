"""The entry point for the workers of the server: ``banners.asgi:create``."""

from collections.abc import Callable
from typing import Any

from banners import wiring
from banners.settings import load_settings


def create() -> Callable[..., Any]:
    """Build the web application from the settings in the environment."""
    return wiring.web_application(load_settings())
