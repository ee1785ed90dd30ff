"""MATLAB's files as scipy writes them, whole and damaged."""

import io
import random
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from landmarks.data.mat_files import read_variables

BOX = np.array([[1.5, 2, 300, 4]])


def written(compressed=False):
    cells = np.empty((1, 2), object)
    for i in range(2):
        cells[0, i] = {"imgName": f"image_{i} _01.jpg", "box": BOX + i}
    variables = {"cells": cells, "text": "hällo", "number": 7, "bytes": np.array([1, 2], np.uint8)}
    file = io.BytesIO()
    savemat(file, variables, do_compression=compressed)
    return file.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
def test_text_numbers_and_structs_in_cells_are_those_that_were_written(compressed):
    found = read_variables(written(compressed), 2**20)
    (first,), (second,) = found["cells"]
    assert (first["imgName"], second["imgName"]) == ("image_0 _01.jpg", "image_1 _01.jpg")
    np.testing.assert_array_equal(second["box"], BOX.ravel() + 1)
    assert found["text"] == "hällo"
    assert found["number"].tolist() == [7]
    assert found["bytes"].tolist() == [1, 2]


@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_files_are_refused_or_read_and_nothing_else(compressed):
    whole, refused = written(compressed), 0
    for seed in range(300):
        draw, content = random.Random(seed), bytearray(whole)
        for _ in range(draw.choice((1, 3))):
            content[draw.randrange(len(content))] = draw.choice(
                (0, 1, 14, 255, draw.randrange(256))
            )
        try:
            read_variables(
                bytes(content[: draw.choice((None, draw.randrange(len(content))))]), 2**20
            )
        except ValueError:
            refused += 1
    assert refused > 60


def test_a_variable_that_unpacks_to_too_much_is_refused():
    packed = zlib.compress(bytes(2**21))
    element = (15).to_bytes(4, "little") + len(packed).to_bytes(4, "little") + packed
    with pytest.raises(ValueError, match="more than 1,048,576 bytes"):
        read_variables(written()[:128] + element, 2**20)
