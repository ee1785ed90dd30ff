"""Errors: what is the user's to mend is found below whatever wraps it."""

import errno
import os

import pytest

from landmarks.errors import InputError, input_error, refused


def raised(make):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
        make()
    return caught.value


def test_an_input_error_is_found_below_what_wraps_it():
    wrong = InputError("n_real is 5")

    def wrapped():
        try:
            raise wrong
        except InputError as error:
            raise RuntimeError("error in call to target") from error

    def met_on_the_way():
        try:
            raise wrong
        except InputError:
            raise KeyError("other") from None

    assert input_error(raised(wrapped)) is wrong
    assert input_error(raised(met_on_the_way)) is wrong
    assert input_error(wrong) is wrong
    assert input_error(RuntimeError("a fault")) is None
    assert input_error(None) is None


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EEXIST])
def test_a_folder_that_takes_nothing_is_the_users_to_mend(code):
    full = OSError(code, os.strerror(code), "outputs/result.json")

    def wrapped():
        raise RuntimeError("error in call to target") from full

    for error in (full, raised(wrapped)):
        assert str(input_error(error)) == (
            f"outputs/result.json: {os.strerror(code)}; once that is mended, the same command "
            "continues"
        )
    assert str(input_error(OSError(code, "No room"))).startswith("No room; once")


def test_a_fault_after_such_an_error_was_dealt_with_is_a_fault():
    def met_on_the_way():
        try:
            raise FileExistsError(errno.EEXIST, "File exists", "outputs")
        except FileExistsError:
            raise KeyError("other")  # noqa: B904 - as a mistake in the handler would

    assert input_error(raised(met_on_the_way)) is None
    assert input_error(FileNotFoundError(errno.ENOENT, "No such file", "outputs")) is None


def test_what_is_the_users_is_told_in_one_line_and_the_rest_keeps_its_traceback(capsys):
    assert refused(InputError("n_real is 5;\n  it must be 4")) == 2
    assert capsys.readouterr().err == "error: n_real is 5; it must be 4\n"
    fault = KeyError("other")
    with pytest.raises(KeyError) as caught:
        refused(fault)
    assert caught.value is fault
