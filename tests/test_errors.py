"""Errors: what is the user's to mend is found below whatever wraps it."""

import pytest

from landmarks.errors import InputError, input_error


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
