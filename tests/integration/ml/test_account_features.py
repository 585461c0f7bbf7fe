"""Features from marts in a running warehouse: by hand, point in time, and blind to the truth."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from ml import features
from ml.features import FEATURES, account_features, as_rows, from_rows
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import make_examples, read_examples
from tests.marts import create_marts, insert
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

AS_OF = date(2026, 5, 10)
ACCOUNTS = {"tiktok:one": "anna", "instagram:two": "anna", "tiktok:three": "ben"}
GAP = "tiktok:three"
"""Not read from three days before ``AS_OF`` until two days after it: these days were filled in."""


@pytest.fixture(scope="module")
def own(warehouse: WarehouseSettings) -> WarehouseSettings:
    """Databases of these tests alone."""
    return warehouse.model_copy(update={"env": "t_feature"})


@pytest.fixture(scope="module")
def other(warehouse: WarehouseSettings) -> WarehouseSettings:
    """Databases of the same past and another future."""
    return warehouse.model_copy(update={"env": "t_future"})


def filled(settings: WarehouseSettings, marts: dict[str, list[dict[str, Any]]]) -> Client:
    """An owner of databases that hold these marts."""
    owner = connect(settings=settings)
    apply(owner, settings)
    create_marts(owner, settings.database("marts"))
    for mart, rows in marts.items():
        insert(owner, f"{settings.database('marts')}.{mart}", rows)
    return owner


@pytest.fixture(scope="module")
def client(own: WarehouseSettings) -> Iterator[Client]:
    owner = filled(own, days())
    yield owner
    owner.close()


@pytest.fixture
def tables(client: Client, own: WarehouseSettings) -> Iterator[Tables]:
    with Tables(settings=own) as found:
        yield found


@pytest.fixture(scope="module")
def tables_of_another_future(other: WarehouseSettings) -> Iterator[Tables]:
    filled(other, another_future(days())).close()
    with Tables(settings=other) as found:
        yield found


def days() -> dict[str, list[dict[str, Any]]]:
    """A year of three accounts; one and two of a creator jump on neighbouring days."""
    fraud, growth, engagement, exposure, audience = [], [], [], [], []
    for number in range(380):
        day = AS_OF + timedelta(days=10 - number)
        for key, creator in ACCOUNTS.items():
            platform, _, account_id = key.partition(":")
            who = {
                "platform": platform,
                "account_key": key,
                "account_id": account_id,
                "creator_id": creator,
                "snapshot_date": day,
            }
            fraud.append(who | signals(key, day))
            growth.append(
                who
                | {
                    "follower_count": 1_000 + number,
                    "account_age_days": 50,
                    "is_filled": key == GAP and -3 < (day - AS_OF).days < 2,
                }
            )
            audience.append(who | {"country_change_28d": 0.1})
            engagement.append(who | {"follower_count": 1_000, "view_count_28d": 5_000})
            exposure.append(who | {"is_verified": key == "tiktok:one" or None})
    return {
        "mart_fraud__follower_spike": jumps(),
        "mart_engagement__post": posts(),
        "mart_fraud__account_day": fraud,
        "mart_growth__account_day": growth,
        "mart_engagement__account_day": engagement,
        "mart_insurance__account_exposure": exposure,
        "mart_audience__account_day": audience,
    }


def later(row: dict[str, Any]) -> bool:
    return bool(row["snapshot_date"] > AS_OF)


def not_yet_explained(row: dict[str, Any]) -> bool:
    return bool(row["snapshot_date"] > AS_OF - timedelta(days=2))


def not_yet_read(row: dict[str, Any]) -> bool:
    return later(row) or row["is_filled"]


def younger_than_a_week(row: dict[str, Any]) -> bool:
    return bool(row["published_at"].date() > AS_OF - timedelta(days=8))


# By mart: what was not known on AS_OF, and how else it might have come.
FUTURE: dict[str, list[tuple[Callable[[dict[str, Any]], bool], dict[str, Any]]]] = {
    "mart_fraud__account_day": [
        (later, {"spike_value": 0.1}),
        (not_yet_explained, {"unexplained_spike_value": 50.0}),
        (not_yet_explained, {"reason_codes": ["UNEXPLAINED_SPIKE"]}),
    ],
    "mart_fraud__follower_spike": [
        (later, {"episode_excess_followers": 999.0}),
        (not_yet_explained, {"is_spike_explained": False}),
    ],
    "mart_engagement__post": [(younger_than_a_week, {"day_7_interaction_count": 99_999})],
    "mart_audience__account_day": [(later, {"country_change_28d": 0.9})],
    "mart_growth__account_day": [(not_yet_read, {"follower_count": 77_777})],
    "mart_engagement__account_day": [(later, {"view_count_28d": 999_999})],
    "mart_insurance__account_exposure": [(later, {"is_verified": False})],
}


def another_future(marts: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The same rows; what was not known on ``AS_OF`` came otherwise."""
    for mart, rows in marts.items():
        for is_unknown, change in FUTURE[mart]:
            rows[:] = [row | change if is_unknown(row) else row for row in rows]
    return marts


def jumps() -> list[dict[str, Any]]:
    """Two jumps of one account, one of them of a lot as sellers offer it, and two later ones.

    Of that of the day before it is not known yet whether a post explains it; the last lies ahead.
    The second account did not jump, and nothing is known of the third, which hides its followers.
    """
    day = {"snapshot_date": AS_OF - timedelta(days=9)}
    calm = {"account_key": "instagram:two", "follower_count": 1_000, "spike_z": 0.1} | day
    return [
        calm,
        {"account_key": "tiktok:three", "spike_z": None} | day,
    ] + [
        {
            "account_key": "tiktok:one",
            "snapshot_date": AS_OF + timedelta(days=after),
            "follower_count": 1_000,
            "spike_z": 9.0,
            "episode_excess_followers": followers,
            "round_lot_distance": distance,
            "is_spike_explained": explained,
        }
        for after, followers, distance, explained in (
            (-200, 250.0, 0.01, False),
            (-3, 400.0, 0.4, True),
            (-1, 100.0, 0.3, None),
            (1, 900.0, 0.0, False),
        )
    ]


def posts() -> list[dict[str, Any]]:
    """Twelve posts a week old or more, the last with five times the rate; then a younger one."""
    return [
        {
            "account_key": "tiktok:one",
            "post_key": str(number),
            "published_at": datetime(2026, 5, 3, tzinfo=UTC) - timedelta(days=number),
            "day_1_interaction_count": 30,
            "day_7_interaction_count": 999 if number == 0 else 499 if number == 1 else 99,
            "day_7_view_count": 999,
        }
        for number in range(13)
    ]


def signals(key: str, day: date) -> dict[str, Any]:
    jump = {"tiktok:one": AS_OF - timedelta(days=3), "instagram:two": AS_OF - timedelta(days=2)}
    spike = 9.0 if day == jump.get(key) else 20.0 if day > AS_OF else 0.5
    if key == "tiktok:three":
        return {"spike_value": 20.0 if day > AS_OF else None}
    return {
        "spike_value": spike,
        "unexplained_spike_value": 9.0 if day == jump.get(key) else None,
        "sawtooth_value": 3.0 if day == AS_OF - timedelta(days=364) else 0.0,
        "likes_spread_value": None if day > AS_OF - timedelta(days=5) else float(day.day),
        "reason_codes": ["UNEXPLAINED_SPIKE"] if day == jump.get(key) else [],
    }


def test_features_are_as_reckoned_by_hand(tables: Tables) -> None:
    frame = account_features(tables, [AS_OF])
    assert frame.account_key.tolist() == sorted(ACCOUNTS)
    one = frame.set_index("account_key").loc["tiktok:one"]
    assert one.creator_id == "anna"
    assert one.spike_peak == 9.0
    assert one.unexplained_spike_peak == 9.0
    assert one.unexplained_spike_days == 1
    assert one.follow_turns == 3.0
    # the last known is of five days before
    assert one.likes_spread == (AS_OF - timedelta(days=5)).day
    assert one.reason_code_count == 1
    assert one.shared_spike_count == 1
    assert one.jump_share == 0.4
    assert one.unexplained_jump_share == 0.25
    assert one.round_lot_jumps == 1
    assert one.other_jumps == 2
    # the youngest post has no week behind it; all the others but one have the same rate
    assert one.interaction_rate_outlier == pytest.approx(np.log(5) / 0.05)
    assert one.interaction_rate_outliers == pytest.approx(1 / 12)
    assert one.first_day_outlier == pytest.approx(0)
    assert one.follower_log == pytest.approx(np.log10(1_010))
    assert one.views_per_follower_log == pytest.approx(np.log(5))
    assert one.is_verified == 1
    assert np.isnan(one.pod_share)
    three = frame.set_index("account_key").loc["tiktok:three"]
    assert np.isnan(three.is_verified)
    assert three.reason_code_count == 0


JUMPS = (
    "unexplained_spike_peak",
    "unexplained_spike_days",
    "jump_share",
    "unexplained_jump_share",
    "round_lot_jumps",
    "other_jumps",
    "shared_spike_count",
)


def test_no_jump_is_known_to_be_none_where_days_could_be_judged(tables: Tables) -> None:
    calm = AS_OF - timedelta(days=5)
    before = account_features(tables, [calm]).set_index("account_key")[list(JUMPS)]
    assert before.loc["instagram:two"].tolist() == [0] * len(JUMPS)
    assert before.loc["tiktok:three"].isna().all()


def test_a_window_is_of_a_year(tables: Tables) -> None:
    day_after = account_features(tables, [AS_OF + timedelta(days=1)]).set_index("account_key")
    assert day_after.follow_turns["tiktok:one"] == 0
    assert day_after.spike_peak["tiktok:one"] == 20.0


def test_several_days_are_as_each_alone(tables: Tables) -> None:
    wanted = [AS_OF - timedelta(days=30), AS_OF]
    together = account_features(tables, wanted)
    alone = pd.concat([account_features(tables, [day]) for day in wanted], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_the_future_changes_nothing(tables: Tables, tables_of_another_future: Tables) -> None:
    before = account_features(tables, [AS_OF])
    pd.testing.assert_frame_equal(account_features(tables_of_another_future, [AS_OF]), before)


BOUNDS = {
    "snapshot_date <= d AND ": "",
    "AND snapshot_date <= {last:Date}": "",
    "toDate(published_at) + 8 <= d": "true",
    "AND published_at < toDateTime({last:Date})": "",
}


@pytest.mark.parametrize(
    ("source", "bounds"),
    [
        *((source, BOUNDS) for source in dict.fromkeys(feature.source for feature in FEATURES)),
        ("fraud", {"snapshot_date <= as_of - 2": "true"}),
        ("jumps", {"snapshot_date <= as_of - 2": "true"}),
        ("growth", {"NOT is_filled": "true"}),
    ],
)
def test_a_source_without_its_bounds_would_know_the_future(
    source: str,
    bounds: dict[str, str],
    tables: Tables,
    tables_of_another_future: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the test above would find: each source has a future that differs, and one bound."""

    def unbound(text: str) -> str:
        for bound, nothing in bounds.items():
            text = text.replace(bound, nothing)
        return text

    part = features._part
    monkeypatch.setattr(features, "_part", lambda s: unbound(part(s)) if s == source else part(s))
    if source == "shared":
        monkeypatch.setattr(features, "_SPIKES", unbound(features._SPIKES))
    before = account_features(tables, [AS_OF])
    assert not account_features(tables_of_another_future, [AS_OF]).equals(before)


def test_a_gap_knows_nothing_of_the_reading_after_it(tables: Tables) -> None:
    during = account_features(tables, [AS_OF]).set_index("account_key").loc[GAP]
    assert during.follower_log == pytest.approx(np.log10(1_013))
    after = account_features(tables, [AS_OF + timedelta(days=2)]).set_index("account_key").loc[GAP]
    assert after.follower_log == pytest.approx(np.log10(1_008))


def test_an_account_that_is_not_read_any_more_has_no_row(tables: Tables, client: Client) -> None:
    """Its last days were filled in once it was read again, which nobody knew then."""
    day = AS_OF - timedelta(days=400)
    rows = [
        {"account_key": "tiktok:late", "snapshot_date": day + timedelta(days=n), "is_filled": n > 0}
        for n in range(9)
    ]
    insert(client, f"{tables.database('marts')}.mart_growth__account_day", rows)
    asked = [day + timedelta(days=6), day + timedelta(days=7)]
    assert account_features(tables, asked).as_of.dt.date.tolist() == asked[:1]


def test_rows_of_the_table_give_the_frame_back(tables: Tables) -> None:
    frame = account_features(tables, [AS_OF])
    assert tables.append("account_feature", as_rows(frame)) == 3
    query = "SELECT * EXCEPT created_at FROM {ml}.account_feature FINAL ORDER BY as_of, account_key"
    back = from_rows(tables.read(query))
    names = [feature.name for feature in FEATURES]
    pd.testing.assert_frame_equal(back[names], frame[names])
    stored = tables.read(query).features[0]
    assert "pod_share" not in stored


def test_a_training_set_is_made_of_them(tables: Tables) -> None:
    """Without a world's truth, nobody reports and nobody is found: there are no labels."""
    settings = MlSettings(_env_file=None, snapshot_count=2)
    assert make_examples(tables, tables, settings) == 2 * len(ACCOUNTS)
    made = read_examples(tables)
    assert made.labels.tolist() == [{}] * len(made)
    days = sorted(made.as_of.dt.date.unique())
    assert days[-1] - days[0] == timedelta(days=settings.snapshot_every_days)
    names = [feature.name for feature in FEATURES]
    pd.testing.assert_frame_equal(made[names], account_features(tables, days)[names])


def test_no_day_is_refused(tables: Tables) -> None:
    with pytest.raises(ValueError, match="no days were given"):
        account_features(tables, [])


def test_the_features_identity_may_not_read_the_truth(warehouse: WarehouseSettings) -> None:
    """The reader, as whom features are read, has no right to it."""
    with (
        Tables("reader", warehouse) as reader,
        pytest.raises(ClickHouseError, match=r"(?i)not enough privileges|access|denied"),
    ):
        reader.read("SELECT count() AS n FROM {truth}.account")
