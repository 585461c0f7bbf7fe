"""Trains each model on what is known today and says whether it may speak.

A training set is read from the warehouse, a version is registered as trained, its figures go to
``ml.model_metric``, and its gates say whether it may become the champion. Nothing here promotes.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import nan

import pandas as pd

from ml.artifact import code_sha256, fingerprint
from ml.authenticity import MODEL_FEATURES, AuthenticityModel
from ml.backtest import backtest, growth_figures
from ml.candidate import Gate, Metric, Trained, named
from ml.cards.card import write_card
from ml.errors import TooFewError
from ml.features import account_features, as_rows, from_rows
from ml.forecast import fit
from ml.histories import HORIZONS, METRICS, horizons_of, read_history
from ml.labels import OUTCOMES, count_incidents, label_fraud, read_findings, read_reports
from ml.registry import Registry, Training
from ml.segments import with_language
from ml.settings import MlSettings
from ml.tables import Tables
from ml.validation import authenticity_figures, authenticity_gates

logger = logging.getLogger(__name__)

EXAMPLES = """
SELECT creator_id, platform, account_id, account_key, as_of, exposure_years, features, labels
FROM {ml}.training_example FINAL
WHERE snapshot_id = (SELECT argMax(snapshot_id, created_at) FROM {ml}.training_example)
ORDER BY as_of, account_key
"""
DAYS = """
SELECT min(snapshot_date) AS first, max(snapshot_date) AS last, count() AS n
FROM {marts}.mart_growth__account_day
"""

LEAST_OF_A_LABEL = 10
"""Accounts of either label without which authenticity is not trained."""
FIRST_DAYS = 42
"""Days after the first of a training set on which authenticity does not learn."""
LEAST_HISTORY_DAYS = 60
"""Days of its history without which a metric is not forecast: a backtest takes 28 of them."""
TRAINING_ACCOUNTS = 10_000
"""Accounts that growth learns from and is judged on, at most: more of them tell no more."""
_GROWTH_MODULES = ["binning", "forecast", "growth", "histories"]


def last_day(tables: Tables) -> date:
    """The last day that the marts know.

    Raises:
        TooFewError: they are empty.
    """
    row = tables.read(DAYS).iloc[0]
    if not row.n:
        raise TooFewError(
            "mart_growth__account_day: has no rows, so there is nothing to train on or to score. "
            "Run the job daily first."
        )
    return pd.Timestamp(row["last"]).date()


def make_examples(reader: Tables, owner: Tables, settings: MlSettings) -> int:
    """Write the training set of today: features of past days and what became known of them since.

    Every ``snapshot_every_days`` an account gives a row; the labels are those known on the last day
    of the marts.

    Returns:
        Rows written to ``ml.training_example``.

    Raises:
        TooFewError: the marts are empty.
    """
    known_on, first = last_day(reader), pd.Timestamp(reader.read(DAYS)["first"].iloc[0]).date()
    step = settings.snapshot_every_days
    past = (known_on - timedelta(days=step * n) for n in range(settings.snapshot_count))
    days = [day for day in past if day > first] or [known_on]
    features = account_features(reader, days)
    rows = _labelled(features, owner, known_on, settings)
    return write_examples(owner, rows)


def write_examples(owner: Tables, rows: pd.DataFrame) -> int:
    """Write rows of ``ml.training_example`` as one training set, named by its content.

    Returns:
        The number of rows.
    """
    # of columns: a map of Arrow's has no values that can be hashed
    named = rows.assign(snapshot_id=fingerprint(from_rows(rows))[:16])
    return owner.append("training_example", named)


def read_examples(tables: Tables) -> pd.DataFrame:
    """The training set that was written last with a column per feature; its labels stay a map.

    Raises:
        TooFewError: there is none.
    """
    rows = tables.read(EXAMPLES)
    if rows.empty:
        raise TooFewError(
            "ml.training_example: has no rows. Run the job train_models, which makes them."
        )
    return from_rows(rows)


def train_authenticity(reader: Tables, owner: Tables, settings: MlSettings) -> Trained:
    """Fit the authenticity model on the latest training set and register it.

    Its gates and figures come from later days of creators whom neither its members nor its
    calibration had seen.

    Raises:
        TooFewError: no account of the set has a label, or too few have one of them to learn from or
            to judge by.
    """
    examples = read_examples(owner)
    label = pd.DataFrame(list(examples.labels), index=examples.index)
    if "is_fraud" not in label:
        raise TooFewError(
            "authenticity: no account of the training set has a label. Labels come from findings "
            "of investigations; in a synthetic world python -m ingestion.sandbox truth load."
        )
    kept = examples.assign(is_fraud=label.is_fraud)[label.is_fraud.notna()].reset_index(drop=True)
    kept["is_fraud"] = kept.is_fraud.astype(bool)
    kept = without_first_weeks(kept)
    _refuse_few(kept)
    model = AuthenticityModel(seed=settings.seed).fit(kept)
    unseen = with_language(model.unseen(kept), reader)
    if unseen.is_fraud.nunique() < 2:
        raise TooFewError(
            "authenticity: the later days have too few guilty or innocent creators to calibrate on "
            "one half of them and judge by the other. Train on more accounts or a longer history."
        )
    version = Registry(owner, settings).register(
        "authenticity",
        model,
        _training(
            kept.drop(columns="labels"),
            MODEL_FEATURES,
            model.parameters(),
            ["authenticity", "signals"],
        ),
    )
    metrics = authenticity_figures(model, kept, unseen)
    return publish(owner, settings, Trained(version, metrics, authenticity_gates(metrics)))


def without_first_weeks(examples: pd.DataFrame) -> pd.DataFrame:
    """The rows from ``FIRST_DAYS`` after the first ``as_of`` on; all, where half the days would go.

    In the first weeks of a warehouse most signals are not known yet: what was labelled then teaches
    that fraud shows nothing.
    """
    kept = examples[examples.as_of >= examples.as_of.min() + pd.Timedelta(days=FIRST_DAYS)]
    enough = 2 * kept.as_of.nunique() > examples.as_of.nunique()
    return kept.reset_index(drop=True) if enough else examples


def train_growth(reader: Tables, owner: Tables, settings: MlSettings) -> Trained:
    """Fit a forecast model per metric on the accounts' histories and register them as one version.

    Its gates come from a backtest of every metric: all accounts, forecast from 28 days before its
    last day by a model that was fitted on what was known then. A metric with too short a history is
    not part of the version.

    Raises:
        TooFewError: no metric has enough history.
    """
    as_of = last_day(reader)
    every = {
        metric: read_history(reader, metric, as_of, settings.history_days, most=TRAINING_ACCOUNTS)
        for metric in METRICS
    }
    # judged before anything is registered: what cannot be judged leaves nothing behind
    judged = _backtests(_long_enough(every), settings.seed)
    known = {metric: every[metric] for metric in judged}
    models = {
        metric: fit(history, horizons_of(metric), seed=settings.seed)
        for metric, history in known.items()
    }
    version = Registry(owner, settings).register(
        "growth",
        models,
        Training(
            parameters={"seed": settings.seed, "horizons": list(HORIZONS)},
            data=pd.concat(known, names=["metric"]).reset_index("metric"),
            features=list(known),
            code_sha256=code_sha256(_GROWTH_MODULES),
            trained_from=min(history.date.min() for history in known.values()).date(),
            trained_until=as_of,
        ),
    )
    metrics = [figure for metric, rows in judged.items() for figure in growth_figures(rows, metric)]
    gates = [gate for metric in known for gate in _growth_gates(metric, metrics)]
    return publish(owner, settings, Trained(version, metrics, gates))


def _long_enough(histories: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The histories with enough days of their own; the others are named in the log.

    Raises:
        TooFewError: none has enough.
    """
    days = {metric: history.date.nunique() for metric, history in histories.items()}
    short = ", ".join(f"{n} of {metric}" for metric, n in days.items() if n < LEAST_HISTORY_DAYS)
    words = f"growth: the marts hold {short} in days of history, {LEAST_HISTORY_DAYS} are needed. "
    long_enough = {m: history for m, history in histories.items() if days[m] >= LEAST_HISTORY_DAYS}
    if not long_enough:
        raise TooFewError(f"{words}Train again when more days are there.")
    if short:
        logger.warning("%sThey are not forecast until a training finds more days.", words)
    return long_enough


def _backtests(histories: Mapping[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """What each metric's backtest is judged by; one of which no forecast came true is left out.

    Raises:
        TooFewError: all are left out.
    """
    made = {
        metric: backtest(history, history.date.max(), seed, metric)
        for metric, history in histories.items()
    }
    blind = ", ".join(metric for metric, rows in made.items() if rows.empty)
    words = f"growth: no account has a day of {blind} that a backtest of 28 days could be held to. "
    judged = {metric: rows for metric, rows in made.items() if len(rows)}
    if not judged:
        raise TooFewError(f"{words}Train again when more days are there.")
    if blind:
        logger.warning("%sThey are not forecast until a training finds more days.", words)
    return judged


def _growth_gates(metric: str, metrics: Sequence[Metric]) -> list[Gate]:
    figures = named(metrics, metric)
    drift = figures.get("pinball_loss_of_drift", nan)
    return [
        Gate(f"{metric}: pinball loss", figures.get("pinball_loss", nan), 1.1 * drift, True),
        Gate(
            f"{metric}: coverage of the 80 % interval",
            figures.get("coverage_80", nan),
            0.65,
            False,
        ),
    ]


def _labelled(
    features: pd.DataFrame, owner: Tables, known_on: date, settings: MlSettings
) -> pd.DataFrame:
    """Features and labels as rows of ``ml.training_example``."""
    findings = read_findings(owner, settings.seed)
    reports = read_reports(owner, settings.seed)
    days = settings.snapshot_every_days
    counted = count_incidents(features, reports, known_on, days)
    incidents = counted.set_index(["account_key", "as_of"])
    fraud = label_fraud(features, findings, known_on).set_index(["account_key", "as_of"])
    keys = pd.MultiIndex.from_frame(features[["account_key", "as_of"]])
    known = incidents[list(OUTCOMES)].reindex(keys) if len(reports) else pd.DataFrame(index=keys)
    known["is_fraud"] = fraud.is_fraud.astype(float).reindex(keys) if len(findings) else None
    labels = [
        {name: float(value) for name, value in row.items() if value is not None and value == value}
        for row in known.to_dict("records")
    ]
    return as_rows(features).assign(
        label_until=pd.Timestamp(known_on),
        exposure_years=incidents.exposure_years.reindex(keys).fillna(0).to_numpy(),
        labels=pd.Series(labels, index=features.index, dtype=object),
    )


def _refuse_few(examples: pd.DataFrame) -> None:
    guilty = examples.groupby("account_key").is_fraud.max()
    for label, count in (("guilty", int(guilty.sum())), ("innocent", int((~guilty).sum()))):
        if count < LEAST_OF_A_LABEL:
            raise TooFewError(
                f"authenticity: {count} accounts of the training set were found {label}, at least "
                f"{LEAST_OF_A_LABEL} are needed. Train on more accounts or a longer history."
            )


def _training(
    data: pd.DataFrame, features: Sequence[str], parameters: dict[str, object], modules: list[str]
) -> Training:
    return Training(
        parameters=parameters,
        data=data,
        features=features,
        code_sha256=code_sha256([*modules, "binning", "features", "labels"]),
        trained_from=data.as_of.min().date(),
        trained_until=data.as_of.max().date(),
    )


def publish(owner: Tables, settings: MlSettings, trained: Trained) -> Trained:
    """Write a version's figures to ``ml.model_metric`` and its card, and give it back."""
    rows = pd.DataFrame(
        {
            "model_name": trained.version.model_name,
            "version": trained.version.version,
            "as_of": pd.Timestamp(trained.version.trained_until or date.min),
            "dataset": metric.dataset,
            "segment": metric.segment,
            "metric": metric.metric,
            "metric_value": metric.value,
            "row_count": metric.rows,
        }
        for metric in trained.metrics
    )
    owner.append("model_metric", rows)
    write_card(trained, settings.artifacts / trained.version.folder)
    return trained
