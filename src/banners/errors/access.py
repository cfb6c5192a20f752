"""The errors of requests that are for somebody else."""

from banners.errors.root import BannersError


class AccessRefused(BannersError):
    """A request is for somebody else than the one who sent it."""


class NotSignedIn(AccessRefused):
    """Nobody has shown who asks."""

    def __init__(self) -> None:
        super().__init__(
            "This address is for operators. Sign in, or send an operator's password in the header "
            "Authorization, as Bearer."
        )


class WrongPassword(AccessRefused):
    """There is no operator with this name and password."""

    def __init__(self) -> None:
        super().__init__(
            "No operator has this name and password. Check both, or sign in with the link of: "
            "banners sign-in"
        )


class TooManyWrongPasswords(AccessRefused):
    """Too many answers to wrong passwords are held back already."""

    def __init__(self, seconds: int, message: str = "") -> None:
        self.seconds = seconds
        super().__init__(
            message
            or "That password is wrong, and so were many others just now. Wait a few seconds, or "
            "sign in with the link of: banners sign-in"
        )


class NotAllowed(AccessRefused):
    """A request is not for the one who sent it, although that one has signed in."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "You may not see this. Ask an operator of this site to list the campaign for you."
        )


class ExpiredLink(AccessRefused):
    """A sign-in link has expired, or is not one."""

    def __init__(self) -> None:
        super().__init__(
            "This link has expired, or is incomplete: links are valid for ten minutes. Make "
            "another one with: banners sign-in"
        )


class UnknownForm(AccessRefused):
    """A form did not come from a page of this session."""

    def __init__(self) -> None:
        super().__init__(
            "The form has expired, or did not come from a page of this site. Nothing was changed. "
            "Load its page again, with cookies allowed, and send it from there."
        )
