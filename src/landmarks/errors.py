"""Errors that the user can fix, and how a command reports them."""

import errno
import sys

# Errors of a file system that the user can fix, in plain English.
FILE_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "files may not grow that large here",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a parent folder is a file",
    errno.EEXIST: "a file of that name exists",
    errno.EISDIR: "a folder is there instead of a file",
}


# Characters of a message on the screen: names and values in files may have any length.
LONGEST = 1000


class InputError(ValueError):
    """Something given from outside is wrong: a file, a folder, a setting.

    The message is one line that says what was given, where, what is allowed, and what to do.
    Commands print it alone and end with exit code 2; any other exception is a bug and keeps its
    traceback.
    """


def file_error(error: OSError) -> str:
    """Why a file could not be read or written."""
    return FILE_ERRORS.get(error.errno or 0) or error.strerror or type(error).__name__


def input_error(error: BaseException | None) -> InputError | None:
    """The `InputError` behind `error`, which Hydra wraps if a constructor raises it; or None.

    An `OSError` of `FILE_ERRORS`, raised anywhere, counts as one, but only along explicit causes
    (`raise ... from`): any other may have been handled before `error` was raised.
    """
    inner = error
    while inner is not None and not isinstance(inner, InputError):
        inner = inner.__cause__ or inner.__context__
    if inner is not None:
        return inner
    while error is not None and not (isinstance(error, OSError) and error.errno in FILE_ERRORS):
        error = error.__cause__
    if error is None:
        return None
    place = f"{error.filename}: " if error.filename else ""
    return InputError(f"{place}{file_error(error)}; fix this, and the same command continues")


def one_line(error: InputError) -> str:
    """The message in one line that fits on a screen, with its end, which says what to do."""
    line = " ".join(str(error).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 305]} ... {line[-300:]}"


def refused(error: Exception) -> int:
    """Print an error that the user can fix in one line; returns the exit code.

    Raises:
        Exception: `error` itself, if it is a bug.
    """
    cause = input_error(error)
    if cause is None:
        raise error
    print("error:", one_line(cause), file=sys.stderr)
    return 2
