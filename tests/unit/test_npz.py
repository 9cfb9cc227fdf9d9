"""Arrays as bytes, and back."""

import io

import numpy as np
import pytest

from digitlab.npz import arrays_in, npz_of


def test_arrays_come_back_by_their_names_as_they_were():
    rows, sure = np.arange(5), np.full((5, 10), 0.1, np.float32)
    arrays = arrays_in(npz_of(rows=rows, sure=sure, whole=True))
    assert list(arrays) == ["rows", "sure", "whole"]
    np.testing.assert_array_equal(arrays["rows"], rows)
    assert arrays["sure"].dtype == np.float32
    assert bool(arrays["whole"])


def test_an_object_is_never_unpickled():
    file = io.BytesIO()
    np.savez(file, rows=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        arrays_in(file.getvalue())
