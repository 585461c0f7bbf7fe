"""What growth forecasts read of the marts, and from which day they count."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import scoring
from ml.forecast import fit
from ml.histories import FINAL_AFTER, HORIZONS, horizons_of, read_history
from ml.registry import Registry, Training
from ml.scoring import forecast_growth
from ml.settings import MlSettings
from ml.tables import Tables
from tests.marts import create_marts
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

LAST = date(2026, 6, 30)
KEYS = [f"tiktok:{n:02d}" for n in range(6)]
DAYS = 100


@pytest.fixture(scope="module")
def tables(warehouse: WarehouseSettings) -> Iterator[Tables]:
    """Six accounts with followers and reach; that of the last days is not counted out yet."""
    settings = warehouse.model_copy(update={"env": "t_histories"})
    with connect(settings=settings) as client:
        apply(client, settings)
        create_marts(client, settings.database("marts"))
    rng = np.random.default_rng(3)
    with Tables(settings=settings) as found:
        marts = found.database("marts")
        rows = pd.DataFrame(
            [
                {
                    "platform": "tiktok",
                    "account_id": key.partition(":")[2],
                    "account_key": key,
                    "creator_id": f"creator_{key}",
                    "snapshot_date": LAST - timedelta(days=back),
                    "follower_count": 5_000 - 10 * back,
                    "is_filled": False,
                }
                for key in KEYS
                for back in range(DAYS)
            ]
        )
        found.client.insert_df(f"{marts}.mart_growth__account_day", rows.sample(frac=1))
        reach = rows.drop(columns="is_filled").assign(
            reach_count=rng.integers(990, 1_010, len(rows))
        )
        back = (pd.Timestamp(LAST) - pd.to_datetime(reach.snapshot_date)).dt.days
        shown = back.map({0: 0.0, 1: 0.5, 2: 0.7}).fillna(1.0)
        reach["reach_count"] = (reach.reach_count * shown).astype(int)
        found.client.insert_df(f"{marts}.mart_engagement__account_day", reach)
        yield found


def test_days_that_platforms_restate_are_left_out(tables: Tables) -> None:
    followers = read_history(tables, "follower_count", LAST, 30)
    reach = read_history(tables, "reach_count", LAST, 30)

    assert followers.date.max() == pd.Timestamp(LAST)
    assert len(followers) == len(KEYS) * 30
    assert followers.series_id.tolist() == sorted(KEYS * 30)
    assert (followers.groupby("series_id").date.diff().dropna().dt.days == 1).all()
    assert reach.date.max() == pd.Timestamp(LAST) - pd.Timedelta(days=FINAL_AFTER["reach_count"])
    assert reach.value.min() >= 990


def test_accounts_are_read_by_range_or_as_the_same_sample(tables: Tables) -> None:
    def read(**chosen: object) -> list[str]:
        return sorted(read_history(tables, "reach_count", LAST, 30, **chosen).series_id.unique())

    assert read(between=(KEYS[1], KEYS[3])) == KEYS[1:4]
    assert len(read(most=4)) == 4
    assert read(most=4) == read(most=4)
    assert read_history(tables, "reach_count", date(2020, 1, 1), 30).empty


def test_all_metrics_are_forecast_for_the_same_days(
    tables: Tables, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = MlSettings(_env_file=None, artifacts=tmp_path)
    models = {
        metric: fit(read_history(tables, metric, LAST, DAYS), horizons_of(metric))
        for metric in ("follower_count", "reach_count")
    }
    registry = Registry(tables, settings)
    training = Training(parameters={}, data=pd.DataFrame(), features=list(models), code_sha256="")
    version = registry.register("growth", models, training)
    registry.promote("growth", version.version, "tried")
    monkeypatch.setattr(scoring, "ACCOUNTS_AT_ONCE", 4)

    scored = forecast_growth(tables, tables, settings, [LAST])

    assert scored.row_count == 2 * len(KEYS) * len(HORIZONS)

    made = tables.read("SELECT * FROM {ml}.growth_forecast")
    for _, rows in made.groupby(["metric", "account_key"]):
        assert sorted(rows.horizon_days) == list(HORIZONS)
    reach = made[(made.metric == "reach_count") & (made.horizon_days <= 28)]
    assert reach.forecast_value.between(950, 1_050).all()
    assert all("origin_3_days_before" in cells for cells in reach.reasons)
    followers = made[made.metric == "follower_count"]
    assert not any("before" in " ".join(cells) for cells in followers.reasons)
