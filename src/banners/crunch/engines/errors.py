"""How the errors of every engine are reported."""

from banners.errors import SourceError


def revenue_overflow(error: Exception) -> SourceError:
    """Return the error for revenues that are too large to be added up.

    Args:
        error: the engine's own error.
    """
    return SourceError(
        "The revenues of a banner add up to more than 9,223,372,036,854.775807, the largest sum "
        f"that can be counted exactly ({first_line(error)}). Check the revenues."
    )


def first_line(error: Exception) -> str:
    """Return the first line of an error that says what happened, without its full stop."""
    lines = [line.strip(": ") for line in str(error).splitlines()]
    # The first line of Py4J only names the call that failed.
    said = [line for line in lines if line and not line.startswith("An error occurred while")]
    return (said[0] if said else type(error).__name__).rstrip(".")
