"""Maps of known values as columns of Arrow's: what goes in comes out, absent is absent."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import artifact
from ml.tables import as_maps, from_maps

NAMES = ["a", "b", "c"]


@given(
    st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=3, max_size=3),
        max_size=6,
    )
)
def test_what_is_known_comes_back_and_what_is_not_stays_absent(rows: list[list[float]]) -> None:
    frame = pd.DataFrame(
        np.array(rows).reshape(-1, 3), columns=NAMES, index=range(5, 5 + len(rows))
    )
    maps = as_maps(frame)

    assert [
        dict(cells) for cells in pa.array(maps.tolist(), maps.dtype.pyarrow_dtype).to_pylist()
    ] == [
        {name: value for name, value in row.items() if value == value}
        for row in frame.to_dict("records")
    ]
    pd.testing.assert_frame_equal(from_maps(maps, NAMES), frame)
    whole = pd.concat([maps, maps.iloc[1:]])
    pd.testing.assert_frame_equal(from_maps(whole, NAMES), pd.concat([frame, frame.iloc[1:]]))
    dictionaries = pd.Series(
        [dict(cells) for cells in maps.tolist()], index=maps.index, dtype=object
    )
    pd.testing.assert_frame_equal(from_maps(dictionaries, NAMES), frame)


def test_a_name_that_no_map_holds_is_absent_and_others_are_left_out() -> None:
    found = from_maps(as_maps(pd.DataFrame({"a": [1.0, np.nan], "b": [2.0, 3.0]})), ["z", "b"])
    assert found.z.isna().all()
    assert found.b.tolist() == [2.0, 3.0]


@pytest.mark.parametrize("size", [1, 2, 10])
def test_a_fingerprint_does_not_depend_on_how_many_rows_are_read_at_once(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    frame = pd.DataFrame(
        {"name": ["a", "b", "a", None], "maps": [{"x": 1}, {}, {"y": 2}, {}], "n": range(4)}
    )
    whole = artifact.fingerprint(frame)
    monkeypatch.setattr(artifact, "_ROWS_AT_ONCE", size)
    assert artifact.fingerprint(frame) == whole
    other = frame.assign(maps=[{"x": 1}, {}, {"y": 3}, {}])
    assert artifact.fingerprint(other) != whole
