"""The passwords that are valid now: read from their file again whenever it changes."""

import logging
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from banners.core.watched import state_of
from banners.errors import SettingsError, shorten
from banners.web.http.caller import Role
from banners.web.operators.password_lines import Operator, of_short_passwords, parse
from banners.web.operators.signing import Signing, are_equal

_LOG = logging.getLogger(__name__)

_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Marked:
    """An operator, with the mark of the password.

    Args:
        operator: the operator.
        mark: what stands for the password in sessions.
    """

    operator: Operator
    mark: str


class Passwords:
    """Finds operators by their passwords and sessions.

    Args:
        path: the file of the passwords.
        signing: makes the marks of passwords.
        strict: whether a fault of the file is raised. Otherwise it is logged, and nobody can sign
            in until a look finds the file without one.

    Raises:
        SettingsError: the file cannot be read, or has lines with faults.
    """

    def __init__(self, path: Path, signing: Signing, *, strict: bool = True) -> None:
        self._path = path
        self._signing = signing
        self._operators: Sequence[Marked] = ()
        self._fault: str | None = None
        self._state: tuple[int, ...] | None = None
        if strict:
            self._state = state_of(path)
            self._operators = self._read()
            self._warn()
        else:
            self.look()

    @property
    def fault(self) -> str | None:
        """What is wrong with the file as it is now, and who may sign in nevertheless."""
        if self._fault is None:
            return None
        if self._operators:
            return f"The passwords from before stay valid. {self._fault}"
        return f"Nobody can sign in until this is corrected. {self._fault}"

    @property
    def warning(self) -> str | None:
        """What makes some of the passwords unsafe; None if nothing does."""
        operators = [each.operator for each in self._operators]
        return of_short_passwords(operators, shorten(str(self._path), most=200))

    def find(self, name: str, password: bytes) -> Marked | None:
        """Return the operator with a password; None if there is none.

        Args:
            name: its name; empty to go by the password alone.
            password: the password as it was sent, in UTF-8.
        """
        mark = self._signing.mark(password)
        # All are compared, so that the time does not reveal which one was similar.
        found = [each for each in self._operators if are_equal(each.mark, mark)]
        return next((each for each in found if name in {"", each.operator.name}), None)

    def with_mark(self, name: str, mark: str) -> Operator | None:
        """Return an operator by name, if the password still has this mark."""
        for each in self._operators:
            if each.operator.name == name and are_equal(each.mark, mark):
                return each.operator
        return None

    def first_operator(self) -> Marked | None:
        """Return the first of those who may do everything; None if all are readers."""
        every = self._operators
        return next((each for each in every if each.operator.role is Role.OPERATOR), None)

    def look(self) -> None:
        """Read the file again if it has changed; it may take as long as the disk does.

        While the file has a fault, the operators from before stay, and the log says so once.
        """
        state = state_of(self._path)
        if state == self._state:
            return
        is_first = self._state is None
        self._state = state
        before = self._fault
        try:
            self._operators, self._fault = self._read(), None
        except SettingsError as error:
            self._fault = str(error)
            if self._fault != before:
                _LOG.warning(self.fault)
        else:
            if not is_first:
                _LOG.info("%s has changed and was read again.", self._path)
                self._warn()

    def _warn(self) -> None:
        if warning := self.warning:
            _LOG.warning(warning)

    def _read(self) -> Sequence[Marked]:
        place = shorten(str(self._path), most=200)
        try:
            content = _content(self._path)
        except (OSError, ValueError) as error:
            # A NUL in the path is a ValueError.
            reason = getattr(error, "strerror", None) or "not a path"
            raise SettingsError(
                f"{place}, the file of the operators' passwords, cannot be read: {reason}. "
                "Correct BANNERS_OPERATOR_PASSWORD_FILE, or make the file readable."
            ) from error
        if len(content) > _MOST_BYTES:
            raise SettingsError(f"{place} has more than a megabyte; expected a file of passwords.")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SettingsError(f"{place} is not UTF-8. Save it as UTF-8.") from error
        mark = self._signing.mark
        return [Marked(each, mark(each.password.encode())) for each in parse(text, place)]


def _content(path: Path) -> bytes:
    """Return the first bytes of a file, one more than it may have."""
    # A pipe would let its reader wait for a writer, perhaps forever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a regular file")
        return file.read(_MOST_BYTES + 1)
