"""Features from marts in a running warehouse: by hand, point in time, and blind to the truth."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from ml.features import FEATURES, account_features, as_rows, from_rows
from ml.tables import Tables
from tests.marts import create_marts, insert
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

AS_OF = date(2026, 5, 10)
ACCOUNTS = {"tiktok:one": "anna", "instagram:two": "anna", "tiktok:three": "ben"}


@pytest.fixture(scope="module")
def own(warehouse: WarehouseSettings) -> WarehouseSettings:
    """Databases of these tests alone."""
    return warehouse.model_copy(update={"env": "t_feature"})


@pytest.fixture(scope="module")
def client(own: WarehouseSettings) -> Iterator[Client]:
    owner = connect(settings=own)
    apply(owner, own)
    create_marts(owner, own.database("marts"))
    for mart, rows in days().items():
        insert(owner, f"{own.database('marts')}.{mart}", rows)
    yield owner
    owner.close()


@pytest.fixture
def tables(client: Client, own: WarehouseSettings) -> Iterator[Tables]:
    with Tables(settings=own) as found:
        yield found


def days() -> dict[str, list[dict[str, Any]]]:
    """A year of three accounts; one and two of a creator jump on neighbouring days."""
    fraud, growth, engagement, exposure = [], [], [], []
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
            growth.append(who | {"follower_count": 1_000 + number, "account_age_days": 50})
            engagement.append(who | {"follower_count": 1_000, "view_count_28d": 5_000})
            exposure.append(who | {"is_verified": key == "tiktok:one" or None})
    return {
        "mart_fraud__follower_spike": jumps(),
        "mart_engagement__post": posts(),
        "mart_fraud__account_day": fraud,
        "mart_growth__account_day": growth,
        "mart_engagement__account_day": engagement,
        "mart_insurance__account_exposure": exposure,
    }


def jumps() -> list[dict[str, Any]]:
    """Two jumps of one account, one of them of a lot as sellers offer it, and one after the day."""
    return [
        {
            "account_key": "tiktok:one",
            "snapshot_date": AS_OF + timedelta(days=after),
            "follower_count": 1_000,
            "episode_excess_followers": followers,
            "round_lot_distance": distance,
            "is_spike_explained": explained,
        }
        for after, followers, distance, explained in (
            (-200, 250.0, 0.01, False),
            (-3, 400.0, 0.4, True),
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
    assert one.other_jumps == 1
    # the youngest post has no week behind it; all the others but one have the same rate
    assert one.interaction_rate_outlier == pytest.approx(np.log(5) / 0.05)
    assert one.interaction_rate_outliers == pytest.approx(1 / 12)
    assert one.first_day_outlier == pytest.approx(0)
    assert one.follower_log == pytest.approx(np.log10(1_010))
    assert one.views_per_follower_log == pytest.approx(np.log(5))
    assert one.is_verified == 1
    assert np.isnan(one.pod_share)
    three = frame.set_index("account_key").loc["tiktok:three"]
    assert np.isnan(three.unexplained_spike_peak)
    assert np.isnan(three.is_verified)
    assert three.reason_code_count == 0


def test_a_window_is_of_a_year(tables: Tables) -> None:
    day_after = account_features(tables, [AS_OF + timedelta(days=1)]).set_index("account_key")
    assert day_after.follow_turns["tiktok:one"] == 0
    assert day_after.spike_peak["tiktok:one"] == 20.0


def test_several_days_are_as_each_alone(tables: Tables) -> None:
    wanted = [AS_OF - timedelta(days=30), AS_OF]
    together = account_features(tables, wanted)
    alone = pd.concat([account_features(tables, [day]) for day in wanted], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_the_future_changes_nothing(tables: Tables, client: Client, own: WarehouseSettings) -> None:
    before = account_features(tables, [AS_OF])
    marts = own.database("marts")
    for mart in days():
        client.command(
            f"CREATE OR REPLACE TABLE {marts}.{mart}__kept ENGINE MergeTree ORDER BY tuple() "
            f"AS SELECT * FROM {marts}.{mart}"
        )
        client.command(f"TRUNCATE TABLE {marts}.{mart}")
        client.command(
            f"INSERT INTO {marts}.{mart} SELECT * FROM {marts}.{mart}__kept "
            f"WHERE snapshot_date <= '{AS_OF}'"
        )
    try:
        pd.testing.assert_frame_equal(account_features(tables, [AS_OF]), before)
        seen_to_change = account_features(tables, [AS_OF + timedelta(days=1)])
        assert seen_to_change.spike_peak.max() == 9.0
    finally:
        for mart in days():
            client.command(f"EXCHANGE TABLES {marts}.{mart} AND {marts}.{mart}__kept")
            client.command(f"DROP TABLE {marts}.{mart}__kept")


def test_rows_of_the_table_give_the_frame_back(tables: Tables) -> None:
    frame = account_features(tables, [AS_OF])
    assert tables.append("account_feature", as_rows(frame)) == 3
    query = "SELECT * EXCEPT created_at FROM {ml}.account_feature FINAL ORDER BY as_of, account_key"
    back = from_rows(tables.read(query))
    names = [feature.name for feature in FEATURES]
    pd.testing.assert_frame_equal(back[names], frame[names])
    stored = tables.read(query).features[0]
    assert "pod_share" not in stored


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
