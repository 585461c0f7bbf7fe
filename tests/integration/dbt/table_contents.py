"""All rows of a warehouse's tables, and where two builds of them differ."""

import math
from collections.abc import Mapping
from typing import Any

from clickhouse_connect.driver.client import Client

Rows = list[tuple[Any, ...]]
FLOAT_TOLERANCE = 1e-9


def columns_of(client: Client, database: str) -> dict[str, list[str]]:
    """Tables of a database with their columns in order."""
    found = client.query(
        "SELECT table, groupArray(name) FROM (SELECT table, name FROM system.columns "
        "WHERE database = %(database)s ORDER BY table, position) GROUP BY table ORDER BY table",
        parameters={"database": database},
    )
    return dict(found.result_rows)


def difference(
    client: Client, table: str, other: str, columns: list[str], limit: int = 5
) -> list[str]:
    """Rows in which two tables of the same columns differ, said in words; none if they are equal.

    Integers, Decimals, strings and times must be the same, floats to 1e-9 of their size.
    """
    (ours, theirs) = (_sorted(client, name, columns) for name in (table, other))
    found = [
        _told(columns, one, two)
        for one, two in _paired(ours, theirs)
        if one is None or two is None or not _same(one, two)
    ]
    return [f"{table}: {len(found)} of {len(theirs)} rows", *found[:limit]] if found else []


def _sorted(client: Client, table: str, columns: list[str]) -> Rows:
    names = ", ".join(f"`{column}`" for column in columns)
    rows = client.query(f"SELECT {names} FROM {table}").result_rows
    return sorted((tuple(row) for row in rows), key=_key)


def _key(row: tuple[Any, ...]) -> tuple[str, ...]:
    """What rows are ordered and paired by: all that is exact."""
    return tuple(str(value) for value in row if not isinstance(value, float))


def _paired(ours: Rows, theirs: Rows) -> list[tuple[Any, Any]]:
    """Rows side by side; one that has no counterpart stands beside None."""
    left: Mapping[tuple[str, ...], Rows] = _grouped(ours)
    right = _grouped(theirs)
    pairs: list[tuple[Any, Any]] = []
    for key in sorted({*left, *right}):
        mine, other = left.get(key, []), right.get(key, [])
        longest = max(len(mine), len(other))
        pairs.extend(
            (mine[n] if n < len(mine) else None, other[n] if n < len(other) else None)
            for n in range(longest)
        )
    return pairs


def _grouped(rows: Rows) -> dict[tuple[str, ...], Rows]:
    grouped: dict[tuple[str, ...], Rows] = {}
    for row in rows:
        grouped.setdefault(_key(row), []).append(row)
    return grouped


def _same(one: tuple[Any, ...], two: tuple[Any, ...]) -> bool:
    return all(
        (math.isnan(a) and math.isnan(b))
        or math.isclose(a, b, rel_tol=FLOAT_TOLERANCE, abs_tol=FLOAT_TOLERANCE)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(one, two, strict=True)
    )


def _told(columns: list[str], one: Any, two: Any) -> str:
    if one is None or two is None:
        which, row = ("only in the full build", two) if one is None else ("only here", one)
        return f"{which}: {dict(zip(columns, row, strict=True))}"
    about = dict(list(zip(columns, one, strict=True))[:8])
    differing = {column: (a, b) for column, a, b in zip(columns, one, two, strict=True) if a != b}
    return f"{about}: (here, full build) {differing}"
