"""Models as assets: features, training set, fitted model, blocking checks, promotion, scores.

The libraries that models need take seconds to load: the graph loads without them, steps are forked
from a process that has them (``orchestration.executor``).
Training runs weekly: a version is registered, its gates are asset checks that block, and what comes
behind them makes the very version that they judged the champion. One pool per model lets one step
train or promote it at a time. Scoring runs daily with the champion; a candidate that waits and a
challenger score in the shadow, in rows that no mart shows.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml.errors import NoChampionError, TooFewError
from ml.settings import MlSettings
from ml.tables import Tables
from orchestration.ingest import days_of
from orchestration.partitions import daily_partitions
from warehouse.errors import UserError

if TYPE_CHECKING:
    from ml.candidate import Trained

GROUP = "ml"
CHECK = "may_speak"
VERSION = "version"
"""Metadata in which a training hands its version over to the promotion."""
SCORED = "scored"
FEATURE_MARTS = (
    "mart_fraud__account_day",
    "mart_fraud__follower_spike",
    "mart_growth__account_day",
    "mart_engagement__account_day",
    "mart_engagement__post",
    "mart_audience__account_day",
    "mart_insurance__account_exposure",
)
"""What ``ml.features`` reads."""
HISTORY_MARTS = ("mart_growth__account_day", "mart_engagement__account_day")
MODELS = ("authenticity", "growth", "risk")


def model_assets() -> list[dg.AssetsDefinition]:
    """Every asset of the group ``ml``."""
    examples = [_key("training_example")]
    features = [_key("account_feature")]
    histories = [_mart(name) for name in HISTORY_MARTS]
    return [
        _features(),
        _examples(),
        *_trained("authenticity", examples),
        *_trained("growth", histories),
        *_trained("risk", examples),
        _scores("authenticity_score", "authenticity", features),
        _scores("growth_forecast", "growth", histories),
        _scores("risk_score", "risk", features),
    ]


def training_keys() -> list[dg.AssetKey]:
    """What the weekly training materializes."""
    return [
        _key("training_example"),
        *(_key(f"{name}_{part}") for name in MODELS for part in ("model", "champion")),
    ]


def registry_asset() -> dg.AssetSpec:
    """The table that promotions write, which marts read."""
    return dg.AssetSpec(
        _key("model_registry"),
        deps=[_key(f"{name}_champion") for name in MODELS],
        group_name=GROUP,
        description="Every change of a model version's stage, written by promotions.",
    )


def _features() -> dg.AssetsDefinition:
    @dg.asset(
        key=_key("account_feature"),
        group_name=GROUP,
        deps=[_mart(name) for name in FEATURE_MARTS],
        partitions_def=daily_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"clickhouse"},
        description="What the models know of every account on a day: nothing after it.",
    )
    def account_feature(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from ml.scoring import write_features

        with _tables("reader", "account_feature") as reader, _tables("owner") as owner:
            rows = write_features(reader, owner, days_of(context))
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return account_feature


def _examples() -> dg.AssetsDefinition:
    @dg.asset(
        key=_key("training_example"),
        group_name=GROUP,
        deps=[_mart(name) for name in FEATURE_MARTS],
        kinds={"clickhouse"},
        description="Features of past days with what became known of the accounts since.",
    )
    def training_example() -> dg.MaterializeResult:
        from ml.training import make_examples

        with _tables("reader", "training_example") as reader, _tables("owner") as owner:
            rows = _plainly(lambda: make_examples(reader, owner, MlSettings()))
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return training_example


def _trained(name: str, deps: Sequence[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The candidate of a model with its blocking check, and its promotion."""
    model_key, pool = _key(f"{name}_model"), f"model_{name}"

    @dg.asset(
        key=model_key,
        group_name=GROUP,
        deps=deps,
        pool=pool,
        kinds={"scikitlearn"},
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=model_key,
                blocking=True,
                description="The candidate is better than what knows nothing, on unseen rows.",
            )
        ],
        description=f"A candidate of the model {name}, fitted on what is known today.",
    )
    def model() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from ml.jobs import train

        try:
            with _tables("reader", f"{name}_model") as reader, _tables("owner") as owner:
                trained = _plainly(lambda: train(name, reader, owner, MlSettings()))
        except TooFewError as error:
            # nothing to learn from is no failure of the run: whoever spoke goes on speaking
            yield dg.MaterializeResult(metadata={"not trained": str(error)})
            yield _unsure(model_key, str(error))
            return
        yield dg.MaterializeResult(metadata=_metadata(trained))
        yield dg.AssetCheckResult(
            passed=not trained.failed,
            check_name=CHECK,
            asset_key=model_key,
            description="; ".join(map(str, trained.failed or trained.gates)),
            metadata={gate.name: gate.value for gate in trained.gates},
        )

    @dg.asset(
        key=_key(f"{name}_champion"),
        group_name=GROUP,
        deps=[model_key],
        pool=pool,
        kinds={"clickhouse"},
        description=f"The version of {name} that scores: promoted once its checks have passed.",
    )
    def champion(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from ml.jobs import promote_judged

        judged = _judged_version(context, model_key)
        with _tables("owner", f"{name}_champion") as owner:
            found = _plainly(lambda: promote_judged(name, judged, owner, MlSettings()))
        if found is None:
            return dg.MaterializeResult(metadata={VERSION: "none: no candidate was trained"})
        return dg.MaterializeResult(metadata={VERSION: found.version, "reason": found.reason})

    return [model, champion]


def _judged_version(context: dg.AssetExecutionContext, model: dg.AssetKey) -> str | None:
    """The version that this run trained, or the run that it executes again; None: it trained none.

    No other run is asked: what it left may be of other data, or have passed no check.
    """
    run: dg.DagsterRun | None = context.run
    while run is not None:
        events = context.instance.all_logs(
            run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        made = [entry.asset_materialization for entry in events]
        trained = [one for one in made if one is not None and one.asset_key == model]
        if trained:
            version = trained[-1].metadata.get(VERSION)
            return str(version.value) if version else None
        run = context.instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
    return None


def _scores(table: str, name: str, deps: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    key = _key(table)

    @dg.asset(
        key=key,
        group_name=GROUP,
        deps=[*deps, _key(f"{name}_champion")],
        partitions_def=daily_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"clickhouse"},
        check_specs=[
            dg.AssetCheckSpec(
                SCORED,
                asset=key,
                description="A champion has scored, and so has what scores in its shadow.",
            )
        ],
        description=f"What the champion of {name} says of every account on a day.",
    )
    def scores(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from ml.jobs import score

        try:
            with _tables("reader", table) as reader, _tables("owner", table) as owner:
                made = _plainly(lambda: score(name, reader, owner, MlSettings(), days_of(context)))
        except NoChampionError as error:
            # the marts on the scores of earlier days are built all the same
            yield dg.MaterializeResult(metadata={"dagster/row_count": 0, "not scored": str(error)})
            yield _unsure(key, str(error), SCORED)
            return
        yield dg.MaterializeResult(metadata={"dagster/row_count": made.row_count})
        if made.silent:
            yield _unsure(key, "; ".join(made.silent), SCORED)
            return
        yield dg.AssetCheckResult(passed=True, check_name=SCORED, asset_key=key)

    return scores


def _plainly(work: Callable[[], Any]) -> Any:
    """Run a step; what only a person can mend fails it in one line, without another try."""
    from threadpoolctl import threadpool_limits

    try:
        # steps run beside each other: threads of one would wait for the processor of another, and
        # sums taken in another order would differ in their last digits
        with threadpool_limits(MlSettings().threads):
            return work()
    except (TooFewError, NoChampionError):
        raise
    except (UserError, ValueError) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _unsure(key: dg.AssetKey, words: str, check: str = CHECK) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=False,
        check_name=check,
        asset_key=key,
        severity=dg.AssetCheckSeverity.WARN,
        description=words,
    )


def _metadata(trained: "Trained") -> dict[str, Any]:
    from ml.cards.card import CARD_FILE, read_card

    card = MlSettings().artifacts / trained.version.folder / CARD_FILE
    return {
        "card": dg.MetadataValue.path(card.absolute()),
        "card text": dg.MetadataValue.md(read_card(card, with_plots=False)),
        VERSION: trained.version.version,
        "dagster/row_count": trained.version.row_count or 0,
        **{
            f"{metric.dataset} {metric.segment} {metric.metric}": metric.value
            for metric in trained.metrics
            if ":" not in metric.segment
        },
    }


def _tables(identity: Any, asset: str = "ml") -> Tables:
    return Tables(identity, asset=f"ml/{asset}")


def _key(table: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, table])


def _mart(name: str) -> dg.AssetKey:
    return dg.AssetKey(["marts", name])
