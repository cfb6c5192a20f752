"""How an address is taken apart."""

from starlette.convertors import Convertor, register_url_convertor


class Anything(Convertor[str]):
    """The rest of a path, whatever it holds.

    The framework's own ``path`` stops at a line break, so that an id with one would pass for the
    id without, or for no address at all.
    """

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Take it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Write it as it is."""
        return value


def register() -> None:
    """Make ``{name:anything}`` known; to do so again changes nothing."""
    register_url_convertor("anything", Anything())
