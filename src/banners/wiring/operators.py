"""Builds what knows the operators: their passwords, and the links by which they sign in."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.addresses import Route
from banners.errors import SettingsError
from banners.settings import Settings
from banners.wiring.database import site

if TYPE_CHECKING:
    from banners.web.operators.sign_ins import SignIns


def make_secrets(settings: Settings) -> str:
    """Make the secrets of this folder that are missing, and return the key that signs sessions.

    Raises:
        SettingsError: the password or the key can neither be read nor made.
    """
    from banners.web.operators import secret_files

    _make_password(settings)
    return secret_files.session_key()


def sign_ins(
    settings: Settings, counts: "memoryview[float] | None" = None, key: str | None = None
) -> "SignIns":
    """Return who may sign in.

    Args:
        settings: name the file of the passwords.
        counts: where all workers count wrong passwords; if not given, this process counts alone.
        key: signs sessions, from the process that started this worker. With it, a fault of the
            passwords is logged instead of raised: a worker serves visitors in any case. If not
            given, it is read from its file; secrets that are missing are made.

    Raises:
        SettingsError: no key was given, and the passwords or the key can neither be read nor made.
    """
    if key is None:
        return _sign_ins(settings, counts, make_secrets(settings), strict=True)
    # A setting that was removed before a restart leads to the generated password.
    with suppress(SettingsError):
        _make_password(settings)
    return _sign_ins(settings, counts, key, strict=False)


def _sign_ins(
    settings: Settings, counts: "memoryview[float] | None", key: str, *, strict: bool
) -> "SignIns":
    from banners.web.operators.delays import Delays
    from banners.web.operators.passwords import Passwords
    from banners.web.operators.sign_ins import SignIns
    from banners.web.operators.signing import Signing

    signing = Signing(key)
    passwords = None
    if not is_open(settings):
        passwords = Passwords(_password_file(settings), signing, strict=strict)
    return SignIns(passwords, signing, Delays(counts, key=key.encode()[:64]), site(settings))


def _make_password(settings: Settings) -> None:
    from banners.web.operators import secret_files

    if not (is_open(settings) or settings.operator_password_file):
        secret_files.make_password()


def _password_file(settings: Settings) -> Path:
    from banners.web.operators import secret_files

    return Path(settings.operator_password_file or secret_files.GENERATED_PASSWORD)


def is_open(settings: Settings) -> bool:
    """Return whether operators need not sign in."""
    return settings.operators == "open"


def sign_in_link(settings: Settings, url: str) -> str:
    """Return a link that signs in the first operator of the passwords, valid for ten minutes.

    Args:
        settings: name the file of the passwords, and the public URL of the web application.
        url: the URL of the web application where no setting names a public one.

    Raises:
        SecretMissing: no server has been started in this folder.
        SettingsError: nobody needs to sign in, the passwords cannot be read, or all of them are
            those of readers.
    """
    if is_open(settings):
        raise SettingsError(
            "BANNERS_OPERATORS is open, so nobody needs to sign in. Remove it to have operators "
            "sign in."
        )
    from banners.web.operators import secret_files

    # A key that is made here would not be that of any server, and the link would be dead.
    key = secret_files.session_key(make=False)
    if not settings.operator_password_file:
        secret_files.check_made(_password_file(settings))
    settings = replace(settings, public_url=settings.public_url or url)
    known = _sign_ins(settings, None, key, strict=True)
    found = known.passwords.first_operator() if known.passwords else None
    if found is None:
        raise SettingsError(
            "The file of passwords lists only readers, and links are for operators. Add a line "
            "with the role operator to BANNERS_OPERATOR_PASSWORD_FILE."
        )
    token = known.signing.link(found.operator.name, found.mark)
    return f"{known.site.origin}{known.site.at(Route.SIGN_IN)}?token={token}"
