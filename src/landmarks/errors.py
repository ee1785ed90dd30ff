"""The one kind of error that is the user's to mend."""


class InputError(ValueError):
    """Something given from outside is wrong: a file, a folder, a setting.

    The message is one line that says what was given, where, what is allowed, and what to do.
    Command lines print it alone and end with exit code 2; any other exception is a fault of the
    program and keeps its traceback.
    """


def input_error(error: BaseException | None) -> InputError | None:
    """The `InputError` behind `error`, which Hydra wraps if a constructor raises it; or None."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or error.__context__
    return error
