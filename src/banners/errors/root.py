"""The root of all errors."""

from banners.errors.texts import readable


class BannersError(Exception):
    """Root of all errors that Banners raises on purpose."""

    def __init__(self, message: str = "", *lines: str) -> None:
        r"""Make an error with a message that can be printed anywhere.

        Args:
            message: its first line. A line break in it came from outside, and becomes ``\n``.
            lines: further lines.
        """
        super().__init__("\n".join(map(readable, (message, *lines))))
