"""Models trained and scored from a running warehouse: candidates, gates, champions, shadows."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from ml import jobs, scoring
from ml.candidate import named
from ml.cards.card import CARD_FILE
from ml.errors import ArtifactError, NoChampionError, TooFewError
from ml.features import FEATURES
from ml.histories import HORIZONS
from ml.labels import PERILS
from ml.perils import train_risk
from ml.registry import Registry
from ml.scoring import Scored, forecast_growth, score_authenticity, score_risk
from ml.segments import with_tier
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import (
    make_examples,
    read_examples,
    train_authenticity,
    train_growth,
    write_examples,
)
from tests.marts import create_marts
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

LAST = date(2026, 6, 30)
KEPT = """
SELECT segment, metric_value FROM {ml}.model_metric WHERE version = {version:String}
"""
ACCOUNTS = 120


@pytest.fixture(scope="module")
def own(warehouse: WarehouseSettings) -> WarehouseSettings:
    """Databases of these tests alone, with empty marts."""
    settings = warehouse.model_copy(update={"env": "t_training"})
    with connect(settings=settings) as client:
        apply(client, settings)
        create_marts(client, settings.database("marts"))
    return settings


@pytest.fixture
def tables(own: WarehouseSettings) -> Iterator[Tables]:
    with Tables(settings=own) as found, threadpool_limits(1):
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> MlSettings:
    return MlSettings(_env_file=None, artifacts=tmp_path)


def known(features: pd.DataFrame) -> list[dict[str, float]]:
    names = [feature.name for feature in FEATURES]
    return [
        {name: float(v) for name, v in zip(names, row, strict=True) if v == v}
        for row in features[names].to_numpy()
    ]


def rows(seed: int, days: int = 4) -> pd.DataFrame:
    """Accounts on some days, one in five of them guilty; the guilty are suspended more often."""
    rng = np.random.default_rng(seed)
    guilty = np.arange(ACCOUNTS) % 5 == 0
    parts = []
    for place in range(days):
        frame = pd.DataFrame(
            rng.normal(size=(ACCOUNTS, len(FEATURES))), columns=[f.name for f in FEATURES]
        )
        frame["follower_log"] = rng.uniform(3, 6.5, ACCOUNTS)
        frame["follow_turns"] = np.where(guilty, 4.0, 0.0) + rng.random(ACCOUNTS)
        frame["reason_code_count"] = guilty.astype(float)
        suspended = rng.random(ACCOUNTS) < np.where(guilty, 0.2, 0.02)
        labels = [
            {"is_fraud": float(g), **dict.fromkeys(PERILS, 0.0), "suspension": float(s)}
            | {f"{peril}_amount": 0.0 for peril in PERILS}
            | {"suspension_amount": 250.0 * s}
            | ({"suspension_days": 3.0 + n % 5, "suspension_ended": 1.0} if s else {})
            for n, (g, s) in enumerate(zip(guilty, suspended, strict=True))
        ]
        parts.append(
            pd.DataFrame(
                {
                    "creator_id": [f"creator_{n // 2}" for n in range(ACCOUNTS)],
                    "platform": "tiktok",
                    "account_id": [str(n) for n in range(ACCOUNTS)],
                    "account_key": [f"tiktok:{n}" for n in range(ACCOUNTS)],
                    "as_of": pd.Timestamp(LAST) - pd.Timedelta(days=28 * place),
                    "label_until": pd.Timestamp(LAST),
                    "exposure_years": 28 / 365,
                    "features": known(frame),
                    "labels": labels,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def keep_features(tables: Tables) -> None:
    """What is known of the accounts on the days that are scored."""
    unlabelled = rows(1).drop(columns=["label_until", "exposure_years", "labels"])
    tables.append("account_feature", unlabelled)


def test_an_empty_warehouse_is_named(tables: Tables, settings: MlSettings) -> None:
    with pytest.raises(TooFewError, match=r"mart_growth__account_day: has no rows.*job daily"):
        make_examples(tables, tables, settings)
    with pytest.raises(TooFewError, match=r"ml\.training_example: has no rows"):
        train_authenticity(tables, tables, settings)
    with pytest.raises(TooFewError, match="has no rows"):
        train_growth(tables, tables, settings)
    with pytest.raises(UserError, match=r"ml\.account_feature: has no row of 2026-06-30"):
        score_authenticity(tables, settings, [LAST])


def test_without_a_champion_nothing_is_scored(tables: Tables, settings: MlSettings) -> None:
    keep_features(tables)
    for score in (score_authenticity, score_risk):
        with pytest.raises(NoChampionError, match="has no champion"):
            score(tables, settings, [LAST])
    with pytest.raises(NoChampionError, match="growth"):
        forecast_growth(tables, tables, settings, [LAST])
    assert tables.read("SELECT count() AS n FROM {ml}.authenticity_score").n[0] == 0


def test_too_few_labels_are_named(tables: Tables, settings: MlSettings) -> None:
    blind = rows(1)
    write_examples(tables, blind.assign(labels=[{} for _ in range(len(blind))]))
    with pytest.raises(TooFewError, match="authenticity: no account of the training set has a"):
        train_authenticity(tables, tables, settings)
    with pytest.raises(TooFewError, match="risk: the training set has no report"):
        train_risk(tables, tables, settings)
    guilty = [{"is_fraud": float(key == "tiktok:0")} for key in blind.account_key]
    write_examples(tables, blind.assign(labels=guilty))
    with pytest.raises(TooFewError, match="1 accounts of the training set were found guilty"):
        train_authenticity(tables, tables, settings)


def test_a_training_set_is_read_back_as_it_was_written(tables: Tables) -> None:
    """Runs of one day with other steps between their rows are sets of their own."""
    first, second = rows(1, days=3), rows(2, days=2).assign(as_of=pd.Timestamp(2026, 5, 5))
    for written in (first, second, first):
        write_examples(tables, written)
        read = read_examples(tables)
        assert len(read) == len(written.drop_duplicates(["account_key", "as_of"]))
        assert set(read.as_of) == set(written.as_of)
    assert "snapshot_id" not in read
    sets = tables.read("SELECT uniqExact(snapshot_id) AS n FROM {ml}.training_example").n[0]
    write_examples(tables, second)
    again = tables.read("SELECT uniqExact(snapshot_id) AS n FROM {ml}.training_example").n[0]
    assert again == sets


def test_authenticity_is_trained_promoted_and_scored(tables: Tables, settings: MlSettings) -> None:
    keep_features(tables)
    write_examples(tables, rows(1))
    audience = f"{tables.database('marts')}.mart_audience__account_day"
    spoken = [[f"tiktok:{n}", LAST, "en"] for n in range(ACCOUNTS // 2)]
    tables.client.insert(audience, spoken, ["account_key", "snapshot_date", "content_language"])
    trained = train_authenticity(tables, tables, settings)
    assert trained.version.stage == "trained"
    assert trained.failed == []
    figures = named(trained.metrics)
    assert figures["average_precision"] > 2 * figures["base_rate"]
    kept = tables.read(KEPT, {"version": trained.version.version})
    assert {"all", "platform:tiktok", "size:10k-100k", "language:en", "band:1"} <= set(kept.segment)
    assert kept.metric_value.notna().all()
    card = settings.artifacts / "authenticity" / trained.version.version / CARD_FILE
    assert "| all | tiktok |" in card.read_text()
    assert card.with_name("calibration.png").exists()
    card.unlink()  # scoring reads the artefact alone
    registry = Registry(tables, settings)
    registry.promote("authenticity", trained.version.version, "tried")
    assert score_authenticity(tables, settings, [LAST]) == Scored(ACCOUNTS, [])
    made = tables.read("SELECT * FROM {ml}.authenticity_score")
    assert set(made.version) == {trained.version.version}
    guilty = made.account_id.astype(int) % 5 == 0
    assert made.fraud_probability[guilty].median() > made.fraud_probability[~guilty].quantile(0.9)
    assert (made.as_of == pd.Timestamp(LAST)).all()
    # a second version scores in the shadow, under its own name, once its checks have passed
    other = settings.model_copy(update={"seed": 8})
    shadow = train_authenticity(tables, tables, other)
    assert score_authenticity(tables, settings, [LAST]) == Scored(ACCOUNTS, [])
    registry.judge(shadow.version, [])
    assert score_authenticity(tables, settings, [LAST]) == Scored(2 * ACCOUNTS, [])
    names = tables.read("SELECT DISTINCT version FROM {ml}.authenticity_score").version
    assert set(names) == {trained.version.version, shadow.version.version}


def test_a_candidate_that_fails_a_gate_waits_no_longer(
    tables: Tables, settings: MlSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_examples(tables, rows(2))
    registry = Registry(tables, settings)
    known = {version.version for version in registry.versions("authenticity")}
    monkeypatch.setattr("ml.validation.average_precision_score", lambda *_: 0.0)
    trained = jobs.train("authenticity", tables, tables, settings)
    assert [gate.name for gate in trained.failed] == ["average precision"]
    assert trained.version.version not in known
    refused = registry.version("authenticity", trained.version.version)
    assert refused.stage == "refused"
    assert refused.reason.startswith("average precision 0.0000 (>= 0.4")
    waiting = registry.candidate("authenticity")
    assert waiting is None or waiting.version != refused.version
    registry.promote("authenticity", refused.version, "a person knows better")
    assert registry.champion("authenticity").version == refused.version


def later_days(
    examples: pd.DataFrame, suspended: Callable[[int], float], days: int = 4
) -> pd.DataFrame:
    """The same, with other suspensions by account on the last days."""
    is_later = examples.as_of > pd.Timestamp(LAST) - pd.Timedelta(days=days * 28)
    labels = [
        label | {"suspension": suspended(int(account)), "suspension_amount": 250.0}
        if later
        else label
        for label, account, later in zip(
            examples.labels, examples.account_id, is_later, strict=True
        )
    ]
    return examples.assign(labels=labels)


@pytest.mark.parametrize(
    ("suspended", "gate"),
    [
        (lambda account: float(account % 2), "all: actual to expected events of later days, most"),
        (lambda account: 0.0, "all: actual to expected events of later days, least"),
        # the guilty of before are struck no more, and as many others are
        (
            lambda account: float(account % 40 == 1),
            "deviance below the constant model's on later days",
        ),
    ],
)
def test_a_risk_model_is_judged_by_days_that_it_has_not_seen(
    suspended: Callable[[int], float],
    gate: str,
    tables: Tables,
    settings: MlSettings,
) -> None:
    examples = later_days(rows(4, days=12), suspended)
    write_examples(tables, examples)
    trained = jobs.train("risk", tables, tables, settings)
    assert gate in [failed.name for failed in trained.failed]
    assert Registry(tables, settings).version("risk", trained.version.version).stage == "refused"


def test_perils_whose_levels_are_wrong_in_opposite_ways_do_not_cancel(
    tables: Tables, settings: MlSettings
) -> None:
    """As many takeovers come as there were suspensions, which come no more."""
    examples = later_days(rows(4, days=24), lambda account: 0.0, days=8)
    is_later = examples.as_of > pd.Timestamp(LAST) - pd.Timedelta(days=8 * 28)
    struck = is_later & (examples.account_id.astype(int) % 48 == 0)
    examples["labels"] = [
        label | {"account_takeover": float(one)}
        for label, one in zip(examples.labels, struck, strict=True)
    ]
    write_examples(tables, examples)
    trained = jobs.train("risk", tables, tables, settings)
    failed = {gate.name for gate in trained.failed}
    assert "suspension: actual to expected events of later days, least" in failed
    assert not any(name.startswith("all: ") for name in failed)


def test_risk_is_trained_and_scored(tables: Tables, settings: MlSettings) -> None:
    keep_features(tables)
    write_examples(tables, rows(1))
    trained = train_risk(tables, tables, settings)
    assert trained.failed == []
    again = train_risk(tables, tables, settings)
    assert again.version.version == trained.version.version
    registry = Registry(tables, settings)
    registry.promote("risk", trained.version.version, "tried")
    challenger = registry.challenger("risk")
    assert challenger is not None
    made = score_risk(tables, settings, [LAST])
    assert made == Scored(2 * (3 * ACCOUNTS + 2 * ACCOUNTS // 2), [])
    every = tables.read("SELECT * FROM {ml}.risk_score")
    assert set(every.version) == {trained.version.version, challenger.version}
    spoken = every[every.version == trained.version.version]
    made = spoken[spoken.peril == "suspension"]
    guilty = made.account_id.astype(int) % 5 == 0
    assert made.event_frequency[guilty].mean() > 2 * made.event_frequency[~guilty].mean()
    assert made.risk_band.between(1, 5).all()
    assert made.reasons.map(len).max() <= 4
    np.testing.assert_allclose(
        made.event_probability, 1 - np.exp(-made.event_frequency * made.horizon_days / 365)
    )
    assert set(made.currency) == {"USD"}
    models = registry.load(registry.champion("risk"))
    assert models["suspension"].duration_method_ == "curve"
    assert made.expected_days.unique() == pytest.approx(models["suspension"].paid_days())
    assert 3 < models["suspension"].paid_days() < 8
    assert models["account_takeover"].duration_method_ == "expert"
    assert (made.paid_share == 1).all()
    none = spoken[spoken.peril == "liability"]
    assert none.expected_days.isna().all()
    # nobody ever suffered one: there is a belief of how often, and no amount
    assert none.event_frequency.between(0, 0.05).all()
    assert none.expected_loss_amount.isna().all()
    assert none.currency.isna().all()


def test_a_challenger_scores_in_the_shadow_and_speaks_by_a_persons_will_alone(
    tables: Tables, settings: MlSettings, caplog: pytest.LogCaptureFixture
) -> None:
    keep_features(tables)
    write_examples(tables, rows(7, days=12))
    registry = Registry(tables, settings)
    before = registry.challenger("risk")
    trained = jobs.train("risk", tables, tables, settings)
    challenger = registry.challenger("risk")
    assert challenger is not None
    if before is not None:  # the test before has left one: the new one takes its place
        assert registry.version("risk", before.version).stage == "retired"
    kept = tables.read(KEPT, {"version": trained.version.version})
    assert {"suspension/double_lift:5", "suspension/platform:tiktok"} <= set(kept.segment)
    assert (registry.path(challenger).with_name(CARD_FILE)).exists()
    for version in (trained.version.version, None):  # a run that trained nothing changes nothing
        promoted = jobs.promote_judged("risk", version, tables, settings)
        assert promoted is not None
        assert promoted.version == trained.version.version
    registry.path(challenger).write_bytes(b"cut off")
    alone = score_risk(tables, settings, [LAST])
    assert alone.row_count == 3 * ACCOUNTS + 2 * ACCOUNTS // 2
    assert len(alone.silent) == 1
    assert alone.silent[0] in caplog.text
    assert re.match(f"challenger {challenger.version} does not score: .*sha256", alone.silent[0])
    registry.path(challenger).unlink()
    train_risk(tables, tables, settings)
    registry.promote("risk", challenger.version, "a person knows better")
    assert registry.champion("risk").version == challenger.version
    assert registry.challenger("risk") is None


def test_a_shadow_that_fails_while_it_scores_does_not_silence_the_champion(
    tables: Tables, settings: MlSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_features(tables)
    tables.append("training_example", rows(3).assign(label_until=pd.Timestamp(2026, 7, 7)))
    trained = jobs.train("risk", tables, tables, settings)
    jobs.promote_judged("risk", trained.version.version, tables, settings)
    challenger = Registry(tables, settings).challenger("risk")
    assert challenger is not None
    predict, calls = scoring.predict_risk, []

    def failing(models: Any, features: pd.DataFrame) -> pd.DataFrame:
        calls.append(models)
        if len(calls) > 1:
            raise ValueError("no such bin")
        return predict(models, features)

    monkeypatch.setattr(scoring, "predict_risk", failing)
    made = score_risk(tables, settings, [LAST])
    assert made.row_count == 3 * ACCOUNTS + 2 * ACCOUNTS // 2
    assert made.silent == [f"challenger {challenger.version} does not score: no such bin"]
    monkeypatch.setattr(scoring, "predict_risk", lambda *_: failing({}, pd.DataFrame()))
    with pytest.raises(ValueError, match="no such bin"):  # the champion's own errors are told
        score_risk(tables, settings, [LAST])


def test_a_champion_of_other_code_is_said_to_need_training(
    tables: Tables, settings: MlSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_features(tables)
    write_examples(tables, rows(3))
    trained = jobs.train("risk", tables, tables, settings)
    jobs.promote_judged("risk", trained.version.version, tables, settings)

    def failing(*_: object) -> pd.DataFrame:
        raise AttributeError("'PerilModel' object has no attribute 'new_'")

    monkeypatch.setattr(scoring, "predict_risk", failing)
    with pytest.raises(ArtifactError, match=r"cannot score \(.*new_.*launch the job train_models"):
        score_risk(tables, settings, [LAST])


def test_a_table_of_an_older_version_is_named_with_its_remedy(tables: Tables) -> None:
    frame = pd.DataFrame({"peril": ["liability"], "unheard_of": [1.0]})
    with pytest.raises(UserError, match=r"ml\.risk_score: .*Run python -m warehouse schema"):
        tables.append("risk_score", frame)


def test_a_tier_that_is_not_known_stays_unknown() -> None:
    tiers = with_tier(pd.DataFrame({"follower_log": [3.99, 4.0, 5.0, 6.0, np.nan]})).follower_tier
    assert tiers.tolist() == ["nano", "micro", "mid", "mega", None]


def growth_days(count: int, accounts: int = 12) -> pd.DataFrame:
    """Followers that rise by about ten a day."""
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "platform": "tiktok",
            "account_id": str(n),
            "account_key": f"tiktok:{n}",
            "creator_id": f"creator_{n}",
            "snapshot_date": LAST - timedelta(days=back),
            "follower_count": int(1_000 * (n + 1) + 10 * (130 - back) + rng.integers(0, 5)),
            "is_filled": False,
        }
        for n in range(accounts)
        for back in range(count)
    )


def reach_days(count: int, accounts: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "account_key": f"tiktok:{n}",
            "snapshot_date": LAST - timedelta(days=back),
            "reach_count": int(500 * (n + 1) + rng.integers(0, 200)),
        }
        for n in range(accounts)
        for back in range(count)
    )


def fill(tables: Tables, growth: pd.DataFrame, reach: pd.DataFrame | None = None) -> None:
    """Make these the only days of the marts that growth is forecast from."""
    for mart, frame in (
        ("mart_growth__account_day", growth),
        ("mart_engagement__account_day", reach),
    ):
        table = f"{tables.database('marts')}.{mart}"
        tables.client.command(f"TRUNCATE TABLE {table}")
        if frame is not None:
            tables.client.insert_df(table, frame)


def test_growth_without_enough_days_of_a_metric_says_of_which(
    tables: Tables, settings: MlSettings
) -> None:
    # the last three days of reach are not final
    short = (
        r"the marts hold 0 of follower_count, 17 of reach_count, 0 of engagement_rate_by_views in "
        r"days of history, 60 are needed"
    )
    unread = growth_days(130).assign(is_filled=True)  # accounts whose followers were never read
    fill(tables, unread, reach_days(20))
    with pytest.raises(TooFewError, match=short):
        train_growth(tables, tables, settings)
    assert Registry(tables, settings).versions("growth") == []


@pytest.mark.parametrize("followers", [0, 20])
def test_growth_is_trained_on_the_metrics_that_have_enough_days(
    tables: Tables, settings: MlSettings, followers: int, caplog: pytest.LogCaptureFixture
) -> None:
    growth = growth_days(130)
    is_early = growth.snapshot_date <= LAST - timedelta(days=followers)
    fill(tables, growth.assign(is_filled=is_early), reach_days(130))
    trained = train_growth(tables, tables, settings)
    assert trained.version.features == ["reach_count"]
    assert f"{followers} of follower_count" in caplog.text
    assert {gate.name.partition(":")[0] for gate in trained.gates} == {"reach_count"}


def test_what_no_backtest_can_judge_is_not_registered(tables: Tables, settings: MlSettings) -> None:
    """Every account was read until a month ago, and others since: no forecast came true."""
    gone = growth_days(130, 6)
    gone = gone[gone.snapshot_date <= LAST - timedelta(days=28)]
    new = growth_days(28, 6).assign(account_key="tiktok:new", account_id="new")
    fill(tables, pd.concat([gone, new.drop_duplicates("snapshot_date")], ignore_index=True))
    before = Registry(tables, settings).versions("growth")
    with pytest.raises(TooFewError, match="no account has a day of follower_count that a backtest"):
        train_growth(tables, tables, settings)
    assert Registry(tables, settings).versions("growth") == before


def test_a_metric_whose_backtest_fails_refuses_the_growth_version_by_its_name(
    tables: Tables, settings: MlSettings
) -> None:
    """Reach that was level until a month ago and then grew a hundredfold is forecast badly."""
    reach = reach_days(130)
    is_late = reach.snapshot_date > LAST - timedelta(days=28)
    reach["reach_count"] = reach.reach_count.where(~is_late, 100 * reach.reach_count)
    fill(tables, growth_days(130), reach)
    trained = jobs.train("growth", tables, tables, settings)
    assert {gate.name.partition(":")[0] for gate in trained.failed} == {"reach_count"}
    refused = Registry(tables, settings).version("growth", trained.version.version)
    assert refused.stage == "refused"
    assert "reach_count: coverage of the 80 % interval 0.0000" in refused.reason
    assert jobs.promote_judged("growth", refused.version, tables, settings) is None


def test_the_order_of_the_rows_does_not_make_another_version(
    tables: Tables, settings: MlSettings
) -> None:
    growth = growth_days(61)
    made = set()
    for frame in (growth, growth.iloc[::-1]):
        fill(tables, frame)
        made.add(train_growth(tables, tables, settings).version.version)
    assert len(made) == 1


def test_growth_is_trained_and_forecast(tables: Tables, settings: MlSettings) -> None:
    frame = growth_days(130)
    fill(tables, frame)
    trained = train_growth(tables, tables, settings)
    assert trained.version.features == ["follower_count"]
    assert {metric.metric for metric in trained.metrics} >= {"pinball_loss", "coverage_80"}
    Registry(tables, settings).promote("growth", trained.version.version, "tried")
    written = forecast_growth(tables, tables, settings, [LAST - timedelta(days=1), LAST])
    assert written == Scored(12 * len(HORIZONS), [])
    silent = LAST + timedelta(days=30)
    with pytest.raises(UserError, match=f"no account was read in the 7 days up to {silent}"):
        forecast_growth(tables, tables, settings, [silent])
    made = tables.read("SELECT * FROM {ml}.growth_forecast WHERE horizon_days = 28")
    latest = frame[frame.snapshot_date == LAST].set_index("account_key").follower_count
    gain = made.set_index("account_key").forecast_value - latest
    assert gain.between(200, 360).mean() > 0.9
    assert (made.as_of == pd.Timestamp(LAST)).all()
    assert (made.lower_95_value <= made.lower_value).all()
    assert (made.lower_value <= made.forecast_value).all()
    assert (made.upper_value <= made.upper_95_value).all()
