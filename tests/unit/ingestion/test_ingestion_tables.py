"""Typed columns: what platforms send becomes what the warehouse holds, or a clear error."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import app, tiktok, youtube
from ingestion.tables import COUNT, FLAG, MOMENT, TEXT, UnreadableValueError, snapshot_table

TABLE = snapshot_table(
    "things", "account", "id", {"account": TEXT, "id": TEXT, "n": COUNT, "at": MOMENT, "on": FLAG}
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


@pytest.mark.parametrize(
    "table",
    [
        tiktok.USERS,
        tiktok.VIDEOS,
        youtube.CHANNELS,
        youtube.PLAYLIST_ITEMS,
        youtube.VIDEOS,
        youtube.COMMENT_THREADS,
        app.CREATORS,
        app.CONNECTIONS,
    ],
    ids=lambda table: table.name,
)
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
