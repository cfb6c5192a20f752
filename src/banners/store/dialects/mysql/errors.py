"""Explains the errors of MySQL, MariaDB and PyMySQL."""

import ssl

from banners.store.dialects.dialect import URL_SETTING

_RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and REFERENCES"
# https://mariadb.com/docs/server/reference/error-codes; MySQL has the same numbers.
_ADVICE = {
    1021: "Free space on the server's disk, then run again.",
    1040: "Close some of the server's connections, or allow more (max_connections).",
    1044: f"Check the user and the name of the database in {URL_SETTING}.",
    1045: f"Check the user and the password in {URL_SETTING}.",
    1049: f"Create the database, or fix its name in {URL_SETTING}.",
    1114: "Free space on the server's disk, then run again.",
    1142: f"To publish, the user must be allowed {_RIGHTS}; for banners upgrade also DROP.",
    1153: "Set max_allowed_packet of the server to 16 MB or more.",
    1290: f"To publish, name a server in {URL_SETTING} that can be written to.",
    1698: f"Check the user and the password in {URL_SETTING}.",
    2003: f"Start the server, or fix host and port in {URL_SETTING}.",
    2006: "Check that the server runs, then try again.",
    2013: "Check that the server runs, then try again.",
    2026: "Let the server offer TLS, or leave out the ssl_ options of the URL.",
}

_LOST = 2013
# Nothing listens there or the host has no address (yet), shutting down, connection closed early.
_NOT_YET = {2002, 2003, 1053, _LOST}
# Waited too long for a lock, or gave it up since two transactions waited for each other.
_LOCKED = {1205, 1213}
_WRONG_CERTIFICATE = (
    "If it is the right server, write its host in the URL as the certificate does, name the "
    "authority that signed the certificate as ssl_ca, or skip the comparison of names with "
    "ssl_check_hostname=false."
)
_WRONG_TLS = "Check that the server offers TLS at this port, and the ssl_ options of the URL."
_SILENT = (
    "It accepts connections and does not answer: it hangs or is overloaded, or a balancer or a "
    "tunnel without a server answers in its place. Check that the server runs, or fix host and "
    f"port in {URL_SETTING}."
)
# Galera reports 1235, Percona XtraDB Cluster 1105, which stand for other errors too.
_REFUSED_LOCK = (
    "Servers of a cluster with several writers (Galera, Percona XtraDB Cluster) refuse the lock "
    "that lets one job publish at a time. Publish to a server outside the cluster: see “Clusters” "
    "in docs/database.md."
)


def is_starting(error: BaseException) -> bool:
    """Return whether nothing answered or the connection was closed early, but not refused."""
    return bool(error.args) and error.args[0] in _NOT_YET and not _is_of_tls(error)


def is_locked(error: BaseException) -> bool:
    """Return whether another transaction holds a lock that a statement needs."""
    return bool(error.args) and error.args[0] in _LOCKED


def reason(error: BaseException) -> str:
    """Return a sentence that says what the server or the driver reported, and what to do."""
    match error.args:
        case (int(number), str(message)):
            return f"{message.rstrip('.')}. {_advice(number, message, error)}".rstrip()
        case _:
            return f"{error}."


def _advice(number: int, message: str, error: BaseException) -> str:
    if _is_of_tls(error):
        refused = isinstance(_cause(error), ssl.SSLCertVerificationError)
        return _WRONG_CERTIFICATE if refused else _WRONG_TLS
    if "GET_LOCK" in message:
        return _REFUSED_LOCK
    if number == _LOST and "timed out" in message:
        return _SILENT
    return _ADVICE.get(number, "")


def _is_of_tls(error: BaseException) -> bool:
    """Return whether TLS failed, other than by a connection that was closed."""
    cause = _cause(error)
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError)


def _cause(error: BaseException) -> BaseException | None:
    """Return the original error that PyMySQL wrapped while connecting."""
    return getattr(error, "original_exception", None)
