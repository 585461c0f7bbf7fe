"""Frames are read by name and type, or refused in one line; designs keep columns apart."""

import numpy as np
import pandas as pd
import pytest

from ml.insurance.covariates import ABSENT, Covariates, NumericColumn, linear_design, spline_design

FRAME = pd.DataFrame(
    {
        "age_of_account": [1.0, 2.0, None, 4.0],
        "followers": [10, 0, 1_000, 100_000],
        "has_mfa": [True, False, True, None],
        "platform": ["tiktok", None, "youtube", "tiktok"],
    }
)
COVARIATES = Covariates(
    numeric=("age_of_account", "has_mfa"), logarithmic=("followers",), categorical=("platform",)
)


def test_a_frame_is_read_with_absent_values_as_nan_or_a_level_of_their_own() -> None:
    read = COVARIATES.read(FRAME)
    assert list(read.columns) == ["age_of_account", "has_mfa", "followers", "platform"]
    assert read["has_mfa"].tolist()[:3] == [1.0, 0.0, 1.0]
    assert np.isnan(read["age_of_account"].iloc[2])
    assert np.isnan(read["has_mfa"].iloc[3])
    assert read["followers"].tolist() == pytest.approx(np.log([11, 1, 1_001, 100_001]))
    assert read["platform"].tolist() == ["tiktok", ABSENT, "youtube", "tiktok"]


def test_reading_leaves_the_frame_as_it_was() -> None:
    before = FRAME.copy(deep=True)
    COVARIATES.read(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age_of_account": ["1", "2", "3", "4"]}, "age_of_account holds '1'"),
        ({"age_of_account": [np.inf, 1, 2, 3]}, "infinite"),
        ({"followers": [-1, 2, 3, 4]}, "followers is -1"),
    ],
)
def test_a_malformed_column_is_named(change: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        COVARIATES.read(FRAME.assign(**change))


def test_a_missing_column_and_an_empty_frame_are_refused() -> None:
    with pytest.raises(ValueError, match="column platform is missing"):
        COVARIATES.read(FRAME.drop(columns="platform"))
    with pytest.raises(ValueError, match="no rows"):
        COVARIATES.read(FRAME.head(0))


def test_columns_are_named_once_and_no_trait_of_a_person_is_among_them() -> None:
    with pytest.raises(ValueError, match="platform named twice"):
        Covariates(numeric=("platform",), categorical=("platform",))
    with pytest.raises(ValueError, match="no column"):
        Covariates()
    with pytest.raises(ValueError, match="Gender may not"):
        Covariates(categorical=("Gender",)).refuse_protected()


def test_a_spline_goes_on_at_the_value_of_its_border() -> None:
    column = pd.DataFrame({"x": np.linspace(0, 10, 200)})
    spline = NumericColumn(knots=6).fit(column)
    inside, beyond = (spline.transform(pd.DataFrame({"x": [x]})) for x in (10.0, 1e6))
    np.testing.assert_allclose(inside, beyond, atol=1e-12)


def test_a_column_of_few_values_stays_linear_and_one_without_values_is_flat() -> None:
    few = NumericColumn(knots=6).fit(pd.DataFrame({"x": [0.0, 1.0, 1.0, 0.0]}))
    assert few.transform(pd.DataFrame({"x": [0.0, 1.0]})).shape == (2, 1)
    none = NumericColumn(knots=6).fit(pd.DataFrame({"x": [np.nan, np.nan]}))
    assert none.transform(pd.DataFrame({"x": [np.nan]})).tolist() == [[0.0, 1.0]]


def test_each_column_is_found_in_the_matrix_by_its_name() -> None:
    read = COVARIATES.read(pd.concat([FRAME] * 10, ignore_index=True))
    for design in (linear_design(COVARIATES), spline_design(COVARIATES)):
        matrix = design.fit_transform(read)
        places = [design.output_indices_[name] for name in COVARIATES.columns]
        assert sum(place.stop - place.start for place in places) == matrix.shape[1]
