"""Columns cut into bins of equal count, once for all models that are boosted on the same rows.

scikit-learn's boosting bins its columns at every fit, and with sample weights one weighted quantile
at a time: seconds a fit. On columns that hold at most 255 values it takes them as they are.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MOST_BINS = 255


def bin_edges(values: npt.ArrayLike) -> Floats:
    """Upper edges (columns, 254) of the bins of each column of (n, columns) values.

    NaN is no value. A column of fewer values than bins repeats its edges; one without any has the
    edge 0.
    """
    shares = np.arange(1, MOST_BINS) / MOST_BINS
    edges = np.zeros((np.shape(values)[1], len(shares)))
    for place, column in enumerate(np.asarray(values, dtype=np.float64).T):
        known = column[~np.isnan(column)]
        if len(known):
            edges[place] = np.quantile(known, shares, method="lower")
    return edges


def binned(values: npt.ArrayLike, edges: Floats) -> Floats:
    """The number of each value's bin (n, columns), from 0 on; NaN stays NaN."""
    table = np.asarray(values, dtype=np.float64)
    codes = np.empty_like(table)
    for place, column in enumerate(table.T):
        codes[:, place] = np.searchsorted(edges[place], column)
    codes[np.isnan(table)] = np.nan
    return codes
