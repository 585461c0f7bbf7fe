"""Typed columns: what platforms send becomes what the warehouse holds, or a clear error."""

import importlib
import json
import pkgutil
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingestion
from ingestion.tables import (
    COUNT,
    DAY,
    EXTRA,
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    Table,
    UnreadableValueError,
    snapshot_table,
)

TABLE = snapshot_table(
    "things", "account", "id", {"account": TEXT, "id": TEXT, "n": COUNT, "at": MOMENT, "on": FLAG}
)
NESTED = snapshot_table(
    "nested",
    "account",
    "id",
    {
        "account": TEXT,
        "id": TEXT,
        "views": COUNT.at("statistics.viewCount"),
        "likes": COUNT.at("statistics.likeCount"),
        "title": TEXT.at("snippet.text.title"),
        "tags": OBJECT.at("snippet.tags"),
    },
)
STAMP = {
    "snapshot_date": date(2026, 11, 20),
    "fetched_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
    "account": "a",
}


def read_one(**fields: object) -> dict[str, object]:
    return TABLE.to_arrow([{**STAMP, "id": "1", **fields}]).to_pylist()[0]


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_count_is_the_same_as_number_and_as_string(number: int) -> None:
    assert read_one(n=number)["n"] == number
    assert read_one(n=str(number))["n"] == number


@given(st.integers(0, 10**19))
def test_an_id_is_text_with_every_digit(number: int) -> None:
    assert read_one(id=number)["id"] == str(number)


@given(st.text())
def test_text_passes_unchanged(text: str) -> None:
    assert read_one(id=text)["id"] == text


@given(st.integers(0, 2**32))
def test_seconds_and_iso_8601_are_one_time_in_utc(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    google = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for value in (seconds, str(seconds), moment.isoformat(), google):
        assert read_one(at=value)["at"] == moment


def test_absent_and_empty_are_null_never_zero() -> None:
    row = read_one(n="", at=None)
    assert (row["n"], row["at"], row["on"]) == (None, None, None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"n": "many"}, "things.n: 'many' is not a whole number"),
        ({"n": 1.5}, "things.n: '1.5' is not a whole number"),
        ({"n": True}, "things.n: 'True' is not a whole number"),
        ({"n": 2**63}, "is not a whole number of 64 bits"),
        ({"n": float("inf")}, "is not a whole number"),
        ({"at": "yesterday"}, "things.at: 'yesterday' is not a time"),
        ({"on": "maybe"}, "things.on: 'maybe' is not true or false"),
        ({"id": {"value": 1}}, "is not text"),
        ({"id": None}, "things.id: 'None' is not present"),
    ],
)
def test_a_value_that_does_not_fit_is_named(fields: dict[str, object], said: str) -> None:
    with pytest.raises(UnreadableValueError, match="things") as caught:
        read_one(**fields)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_fields_that_are_not_declared_stay_behind() -> None:
    assert "access_token" not in read_one(access_token="secret")


def every_table() -> list[Table]:
    """The raw tables of all sources, found where they are declared."""
    found: dict[int, Table] = {}
    for module in pkgutil.iter_modules(ingestion.__path__):
        if not module.ispkg and module.name != "__main__":
            names = vars(importlib.import_module(f"ingestion.{module.name}")).values()
            found |= {id(value): value for value in names if isinstance(value, Table)}
    return list(found.values())


def test_what_stands_deep_in_an_object_becomes_a_column() -> None:
    item = {
        "id": "v1",
        "statistics": {"viewCount": "12"},
        "snippet": {"text": {"title": "A"}, "tags": ["x", {"y": 1}]},
    }
    row = NESTED.row(item, account="a")
    assert row == {"account": "a", "id": "v1", "views": "12", "title": "A", "tags": row["tags"]}
    (read,) = NESTED.to_arrow([{**row, **STAMP}]).to_pylist()
    assert (read["views"], read["likes"]) == (12, None)
    assert json.loads(read["tags"]) == ["x", {"y": 1}]
    assert read["extra"] is None


def test_what_no_column_declares_is_kept_as_json() -> None:
    item = {
        "id": "v1",
        "etag": "e",
        "statistics": {"viewCount": "1", "favoriteCount": "0"},
        "snippet": {"text": {"title": "A", "lines": 2}, "new": {"deep": [1]}},
    }
    row = NESTED.row(item, account="a")
    assert json.loads(row["extra"]) == {
        "etag": "e",
        "statistics": {"favoriteCount": "0"},
        "snippet": {"text": {"lines": 2}, "new": {"deep": [1]}},
    }


def test_a_given_column_has_the_last_word() -> None:
    assert NESTED.row({"id": "v1", "account": "b"}, account="a")["account"] == "a"


def test_a_branch_that_is_absent_is_null_and_one_of_another_type_an_error() -> None:
    assert NESTED.row({"id": "v1", "statistics": None}, account="a") == {"id": "v1", "account": "a"}
    with pytest.raises(UnreadableValueError, match=r"statistics: '\[1\]' is not an object"):
        NESTED.row({"id": "v1", "statistics": [1]}, account="a")


LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5)
THINGS = st.dictionaries(
    st.sampled_from(["id", "etag", "statistics", "snippet", "viewCount", "text", "title", "tags"]),
    st.recursive(
        LEAVES,
        lambda inner: st.dictionaries(
            st.sampled_from(["viewCount", "likeCount", "text", "title", "tags", "other"]), inner
        ),
        max_leaves=12,
    ),
)


@given(THINGS)
def test_nothing_that_a_platform_says_is_lost(item: dict[str, object]) -> None:
    """Every leaf stands either in its column or in ``extra``, and never in both."""
    try:
        row = NESTED.row(item, account="a")
    except UnreadableValueError:
        return
    columns = {name: kind.path or name for name, kind in NESTED.columns.items()}
    rest = json.loads(row.get("extra") or "{}")
    for path, value in leaves(item):
        column = next((c for c, place in columns.items() if place == path), None)
        if column and column != EXTRA:
            assert row[column] == value
        elif not any(path.startswith(f"{place}.") for place in columns.values()):
            assert dict(leaves(rest)).get(path, value) == value
            assert path in dict(leaves(rest)) or value in (None, {})


def leaves(item: dict[str, object], before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in item.items():
        if isinstance(value, dict) and value:
            found += leaves(value, f"{before}{name}.")
        else:
            found.append((f"{before}{name}", value))
    return found


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_as_number_and_as_string(number: float) -> None:
    assert NUMBER.parse(number) == NUMBER.parse(str(number)) == number


@pytest.mark.parametrize("value", [True, "many", [1], "nan", float("inf")])
def test_a_number_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="a number"):
        NUMBER.parse(value)


def test_a_day_is_a_date() -> None:
    assert DAY.parse("2026-11-20") == date(2026, 11, 20)
    for value in ("20.11.2026", 5, datetime(2026, 11, 20, tzinfo=UTC)):
        with pytest.raises(ValueError, match="a date"):
            DAY.parse(value)


def test_there_are_tables_to_look_at() -> None:
    assert len(every_table()) > 10


@pytest.mark.parametrize("table", every_table(), ids=lambda table: table.name)
def test_types_do_not_depend_on_the_rows(table: object) -> None:
    """An empty table has the same types as a full one, and counters are 64-bit and nullable."""
    schema = table.to_arrow([]).schema  # type: ignore[attr-defined]
    for field in schema:
        if field.name.endswith(("view_count", "like_count", "follower_count", "_seconds")):
            assert field.type == pa.int64()
            assert field.nullable
        if field.name == "id" or field.name.endswith("_id"):
            assert field.type == pa.string()
        if field.name.endswith("_at"):
            assert field.type == pa.timestamp("us", "UTC")
    assert not schema.field("snapshot_date").nullable
