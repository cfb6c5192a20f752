"""Whether this process has run out of file descriptors, which drivers report as something else."""

import errno
import os
import resource


def shortage() -> str:
    """Return a sentence that says so if no file can be opened; empty otherwise."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE}:
            limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            return (
                f"No file descriptor is free: this process may have {limit} open. "
                "Raise the limit (ulimit -n)."
            )
    return ""
