"""Errors that the user can fix are found below whatever wraps them."""

import errno
import os

import pytest

from landmarks.errors import FILE_ERRORS, InputError, file_error, input_error, refused


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


@pytest.mark.parametrize("code", FILE_ERRORS)
def test_a_folder_that_cannot_be_written_is_an_input_error(code):
    full = OSError(code, os.strerror(code), "outputs/result.json")

    def wrapped():
        raise RuntimeError("error in call to target") from full

    for error in (full, raised(wrapped)):
        assert str(input_error(error)) == (
            f"outputs/result.json: {FILE_ERRORS[code]}; fix this, and the same command continues"
        )
    assert str(input_error(OSError(code, "No room"))).startswith(f"{FILE_ERRORS[code]}; fix this")


def test_the_reason_of_any_file_error_is_plain_english():
    assert file_error(OSError(errno.ENOSPC, "No space left on device")) == "the disk is full"
    assert file_error(OSError(errno.EIO, "Input/output error")) == "Input/output error"
    assert file_error(TimeoutError()) == "TimeoutError"


def test_a_bug_in_a_handler_of_such_an_error_is_a_bug():
    def met_on_the_way():
        try:
            raise FileExistsError(errno.EEXIST, "File exists", "outputs")
        except FileExistsError:
            raise KeyError("other")  # noqa: B904 - as a mistake in the handler would

    assert input_error(raised(met_on_the_way)) is None
    assert input_error(FileNotFoundError(errno.ENOENT, "No such file", "outputs")) is None


def test_input_errors_are_printed_in_one_line_and_bugs_keep_their_traceback(capsys):
    assert refused(InputError("n_real is 5;\n  it must be 4")) == 2
    assert capsys.readouterr().err == "error: n_real is 5; it must be 4\n"
    fault = KeyError("other")
    with pytest.raises(KeyError) as caught:
        refused(fault)
    assert caught.value is fault


def test_a_message_with_a_name_of_any_length_fits_on_a_screen(capsys):
    refused(InputError(f"no image {'x' * 10_000} here; give another"))
    said = capsys.readouterr().err
    assert len(said) < 1100
    assert said.startswith("error: no image xxx")
    assert said.endswith("xxx here; give another\n")
