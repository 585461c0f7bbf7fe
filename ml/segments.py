"""Parts of the accounts in which a model is judged on its own: platform, size and language."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.tables import Tables

LANGUAGES = """
SELECT account_key, argMax(content_language, snapshot_date) AS language
FROM {marts}.mart_audience__account_day
WHERE content_language IS NOT NULL
GROUP BY account_key
"""
EDGES = (3, 4, 5, 6)
"""log10 of followers from which the next size begins."""
SIZES = ("below 1k", "1k-10k", "10k-100k", "100k-1m", "from 1m")
TIERS = ("nano", "nano", "micro", "mid", "mega")
"""The tier of each size, as the macro ``follower_tier`` of dbt has it."""
LEAST_ACCOUNTS = 20
"""Accounts without which a part has no figures: they would tell of single accounts."""


def with_language(frame: pd.DataFrame, reader: Tables) -> pd.DataFrame:
    """The frame with ``language``: what an account posts in, as the marts last knew; else None."""
    known = reader.read(LANGUAGES).set_index("account_key").language
    return frame.assign(language=frame.account_key.map(known).astype(object))


def size_of(follower_log: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """The name of each size [n] from log10 of followers [n]; None where that is not known."""
    return _banded(SIZES, follower_log)


def tier_of(follower_log: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """The follower tier [n] from log10 of followers [n]; None where that is not known."""
    return _banded(TIERS, follower_log)


def with_tier(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with ``follower_tier`` from its ``follower_log``; None where that is not known."""
    return frame.assign(follower_tier=tier_of(frame.follower_log))


def _banded(names: tuple[str, ...], follower_log: npt.ArrayLike) -> npt.NDArray[np.object_]:
    size = np.asarray(follower_log, dtype=float)
    found = np.array(names, dtype=object)[np.searchsorted(EDGES, size, side="right")]
    found[~np.isfinite(size)] = None
    return found


def parts(frame: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Each part that holds enough accounts: its name, e.g. ``size:10k-100k``, and its rows [n].

    Args:
        frame: ``account_key``, ``platform``, ``follower_log``, and ``language`` if it is known.
            Rows of which a property is not known belong to no part by it.
    """
    kinds = {"platform": frame.platform, "size": size_of(frame.follower_log)}
    if "language" in frame:
        kinds["language"] = frame.language
    for kind, values in kinds.items():
        column = pd.Series(np.asarray(values, dtype=object), index=frame.index)
        accounts = frame.account_key.groupby(column).nunique()
        enough = accounts[accounts >= LEAST_ACCOUNTS].index
        for value in (name for name in SIZES if name in enough) if kind == "size" else enough:
            yield f"{kind}:{value}", (column == value).to_numpy(dtype=bool)
