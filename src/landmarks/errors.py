"""The one kind of error that is the user's to mend."""

import errno
import sys

# What a file system says of rights, of room, and of a file where a folder should be.
_OF_FOLDERS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ENOTDIR,
        errno.EEXIST,
    }
)


class InputError(ValueError):
    """Something given from outside is wrong: a file, a folder, a setting.

    The message is one line that says what was given, where, what is allowed, and what to do.
    Command lines print it alone and end with exit code 2; any other exception is a fault of the
    program and keeps its traceback.
    """


def input_error(error: BaseException | None) -> InputError | None:
    """The `InputError` behind `error`, which Hydra wraps if a constructor raises it; or None.

    A folder that is full or may not be written to, met anywhere, is one as well. Of such errors
    only those count that `error` was raised from: others may have been dealt with.
    """
    inner = error
    while inner is not None and not isinstance(inner, InputError):
        inner = inner.__cause__ or inner.__context__
    if inner is not None:
        return inner
    while error is not None and not (isinstance(error, OSError) and error.errno in _OF_FOLDERS):
        error = error.__cause__
    if error is None:
        return None
    place = f"{error.filename}: " if error.filename else ""
    return InputError(f"{place}{error.strerror}; once that is mended, the same command continues")


def refused(error: Exception) -> int:
    """Tell what is the user's to mend in one line; the exit code of a command that met it.

    Raises:
        Exception: `error` itself, if it is a fault of the program.
    """
    cause = input_error(error)
    if cause is None:
        raise error
    print("error:", " ".join(str(cause).split()), file=sys.stderr)
    return 2
