"""The errors of requests that report conversions."""

from banners.errors.access import AccessRefused, TooManyWrongPasswords
from banners.errors.root import BannersError


class WrongKey(AccessRefused):
    """Nobody may report conversions with this key, or none was sent."""

    def __init__(self) -> None:
        super().__init__(
            "No sender has this key, or none was sent. Send the key that the operators of this "
            "site gave you in the header, as in: Authorization: Bearer KEY"
        )


class TooManyWrongKeys(TooManyWrongPasswords):
    """Too many answers to wrong keys or passwords are held back already."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            seconds,
            "That key is wrong, and so were many others just now. Correct it, wait a few seconds, "
            "and send the same again.",
        )


class NotConversions(BannersError):
    """What was sent is not a JSON array of conversions."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Found something other than conversions; expected a JSON array of up to {most:,} "
            'objects, each like {"conversion_id": "order-1", "click": "…", "revenue": "12.50"}.'
        )


class NotKept(BannersError):
    """Conversions cannot be kept at the moment."""

    def __init__(self) -> None:
        super().__init__(
            "The conversions cannot be kept at the moment. Send the same again in a few seconds: "
            "whatever was kept counts once."
        )
