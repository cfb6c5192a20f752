"""How the framework parses the variable parts of an address."""

from starlette.convertors import Convertor, register_url_convertor

from banners.core.addresses import Route


class Anything(Convertor[str]):
    """The rest of a path, with any characters.

    The framework's own ``path`` stops at a line break, so that it would take an id with one for the
    id without it, or for an unknown address.
    """

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Return the text unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the text unchanged."""
        return value


def register() -> None:
    """Register ``{name:anything}`` with the framework; a second call changes nothing."""
    register_url_convertor("anything", Anything())


def routed(route: Route) -> str:
    """Return the path of a route as the framework takes it, with a campaign id of any text.

    A malformed id is thus answered with a sentence about ids, and not as an unknown address.
    """
    return route.replace("{campaign_id}", "{campaign_id:anything}")
