"""Which columns of a frame a model reads, checked, and the design matrices made of them.

A :class:`Covariates` names the columns; ``read`` takes them from a frame (numeric ones as float
with NaN for absent, categorical ones as text with ``ABSENT``) or says in one line what is wrong
with it. ``linear_design``, ``spline_design`` and ``tree_design`` are scikit-learn column
transformers with one step for each column, by whose name its part of the matrix is found.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

Floats = npt.NDArray[np.float64]

ABSENT = "(absent)"
"""The level of a categorical column where the frame has no value."""
PROTECTED = frozenset(
    {"sex", "gender", "race", "ethnicity", "age", "owner_age", "birth_year", "marital_status"}
)
"""Traits of a person that may set neither a price nor the handling of a claim."""
_FEWEST_FOR_A_SPLINE = 4


@dataclass
class Covariates:
    """Columns that explain a frequency or an amount."""

    numeric: tuple[str, ...] = ()
    """Read as they are; booleans count as 0 and 1."""
    logarithmic: tuple[str, ...] = ()
    """Sizes that are never negative, such as followers: read as log(1 + x)."""
    categorical: tuple[str, ...] = ()
    """Read as text."""

    def __post_init__(self) -> None:
        for field in fields(self):
            setattr(self, field.name, tuple(getattr(self, field.name)))
        doubled = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if not self.columns or doubled:
            raise ValueError(
                f"covariates: {', '.join(doubled) or 'no column'} named "
                f"{'twice' if doubled else 'at all'}. Name each column once."
            )

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numeric and logarithmic columns."""
        return (*self.numeric, *self.logarithmic)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order of the design matrices."""
        return (*self.numeric, *self.logarithmic, *self.categorical)

    def refuse_protected(self) -> None:
        """Refuse columns that are named as traits of a person.

        Raises:
            ValueError: a column of ``PROTECTED`` is among the columns.
        """
        if found := [name for name in self.columns if name.lower() in PROTECTED]:
            raise ValueError(
                f"covariates: {found[0]} may not set the price or the handling of cover. "
                "Leave the column out."
            )

    def read(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns of ``frame``, typed, in the order of ``columns``; the rest is left.

        Raises:
            ValueError: no rows, a column missing, text or an infinite value in a numeric column,
                a negative value in a logarithmic one.
        """
        if missing := [name for name in self.columns if name not in frame.columns]:
            raise ValueError(
                f"covariates: column {missing[0]} is missing (the frame has "
                f"{', '.join(map(str, frame.columns[:12]))}). Add it, as NaN where it is unknown."
            )
        if not len(frame):
            raise ValueError("covariates: the frame has no rows. Give at least one.")
        read = {name: _numbers(frame[name], name) for name in self.numbers}
        for name in self.logarithmic:
            if (read[name] < 0).any():
                raise ValueError(
                    f"covariates: {name} is {np.nanmin(read[name]):g}, and a size is never "
                    "negative. Mend the value, or name the column under numeric."
                )
            read[name] = np.log1p(read[name])
        text = {name: _texts(frame[name]) for name in self.categorical}
        return pd.DataFrame({**read, **text}, index=frame.index)


def _numbers(column: pd.Series, name: str) -> Floats:
    texts = column.map(lambda value: isinstance(value, str)) if column.dtype == object else None
    try:
        if texts is not None and texts.any():
            raise TypeError
        values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan).copy()
    except (TypeError, ValueError):
        example = column[texts].iloc[0] if texts is not None and texts.any() else column.iloc[0]
        raise ValueError(
            f"covariates: {name} holds {example!r}, which is no number. "
            "Give numbers, NaN where there is none."
        ) from None
    if np.isinf(values).any():
        raise ValueError(
            f"covariates: {name} holds an infinite value. Give NaN where there is none."
        )
    return values


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    absent = column.isna().to_numpy()
    texts = column.astype(object).where(~absent, ABSENT).astype(str)
    return texts.to_numpy(dtype=object)


class NumericColumn(TransformerMixin, BaseEstimator):
    """One numeric column as columns of a linear predictor: itself, or a cubic spline of it.

    An absent value is the median, and where the training rows lack some, a 0/1 column says so. A
    spline has its knots at quantiles; a column with fewer than four different values stays linear.
    Outside the knots the spline goes on at the value of its border, so that nothing is extrapolated
    beyond what was seen.

    Args:
        knots: knots of the spline, fewer where quantiles coincide; None leaves the column as it is.
    """

    def __init__(self, knots: int | None = None) -> None:
        self.knots = knots

    def fit(self, column: pd.DataFrame, target: object = None) -> Self:
        """Take median, knots and scale from a frame of one column."""
        values = column.to_numpy(dtype=np.float64)[:, 0]
        present = values[~np.isnan(values)]
        self.median_ = float(np.median(present)) if len(present) else 0.0
        self.has_absent_ = len(present) < len(values)
        distinct = np.unique(present)
        self.is_spline_ = False
        self.places_ = np.empty(0)
        if self.knots is not None and len(distinct) >= _FEWEST_FOR_A_SPLINE:
            self.is_spline_ = True
            self.places_ = np.unique(np.quantile(present, np.linspace(0, 1, self.knots)))
        # a penalty must not depend on the unit
        spread = float(present.std()) if self.knots is not None and len(present) else 1.0
        self.spread_ = spread or 1.0
        return self

    def transform(self, column: pd.DataFrame) -> Floats:
        """The columns, [n, 1 or the size of the spline's basis, + 1 where values can be absent]."""
        values = column.to_numpy(dtype=np.float64)
        absent = np.isnan(values)
        filled = np.where(absent, self.median_, values)
        made = self._spline().transform(filled) if self.is_spline_ else filled / self.spread_
        return np.hstack([made, absent]) if self.has_absent_ else made

    def get_feature_names_out(self, names: list[str]) -> npt.NDArray[np.object_]:
        """``x``, or ``x_0``, ``x_1``, ..., and ``x_(absent)``."""
        basis = range(self._spline().n_features_out_) if self.is_spline_ else None
        made = [names[0]] if basis is None else [f"{names[0]}_{number}" for number in basis]
        last = [f"{names[0]}_{ABSENT}"] if self.has_absent_ else []
        return np.array([*made, *last], dtype=object)

    def _spline(self) -> SplineTransformer:
        # built anew each time: a stored one holds functions, which no model file may name
        places = self.places_[:, None]
        return SplineTransformer(
            degree=3, knots=places, include_bias=False, extrapolation="constant"
        ).fit(places)


def linear_design(covariates: Covariates) -> ColumnTransformer:
    """Each numeric column as it is and each category but the first as a 0/1 column.

    The design of published rating factors: coefficients read as differences in logs.
    """
    return _additive(covariates, knots=None, drop="first")


def spline_design(covariates: Covariates, knots: int = 8) -> ColumnTransformer:
    """Each numeric column as a spline with ``knots`` knots and each category as a 0/1 column."""
    return _additive(covariates, knots=knots, drop=None)


def tree_design(covariates: Covariates) -> ColumnTransformer:
    """Numbers as they are (NaN where absent), then a 0/1 column of each category: for boosting.

    Not the boosting's own categories: fitted with them it holds functions, which no model file may
    name.
    """
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", "passthrough", list(covariates.numbers)),
            ("categories", encoder, list(covariates.categorical)),
        ],
        sparse_threshold=0,
    )


def unknown_levels(
    design: ColumnTransformer, name: str, values: pd.Series
) -> npt.NDArray[np.bool_]:
    """Where a categorical column holds a level that the fitted design has never seen, [n]."""
    known = design.named_transformers_[name].categories_[0]
    return ~np.isin(values.to_numpy(dtype=object), known)


def _additive(covariates: Covariates, knots: int | None, drop: str | None) -> ColumnTransformer:
    encoder = OneHotEncoder(drop=drop, handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            *((name, NumericColumn(knots), [name]) for name in covariates.numbers),
            *((name, encoder, [name]) for name in covariates.categorical),
        ],
        sparse_threshold=0,
    )
