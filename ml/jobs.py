"""How each model is trained, promoted and scores: by its name, with the same arguments for all."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from ml.candidate import Trained
from ml.errors import NoChampionError
from ml.perils import train_risk
from ml.registry import Registry, Version
from ml.scoring import Scored, forecast_growth, score_authenticity, score_risk
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import train_authenticity, train_growth

logger = logging.getLogger(__name__)

Training = Callable[[Tables, Tables, MlSettings], Trained]
Scoring = Callable[[Tables, Tables, MlSettings, Sequence[date]], Scored]

_TRAIN: dict[str, Training] = {
    "authenticity": train_authenticity,
    "growth": train_growth,
    "risk": train_risk,
}
_SCORE: dict[str, Scoring] = {
    "authenticity": lambda _, owner, settings, days: score_authenticity(owner, settings, days),
    "growth": forecast_growth,
    "risk": lambda _, owner, settings, days: score_risk(owner, settings, days),
}


def train(name: str, reader: Tables, owner: Tables, settings: MlSettings) -> Trained:
    """Fit a version of a model; its gates make it a candidate, or refuse it in the registry.

    Raises:
        ml.errors.TooFewError: there is too little to learn from; nothing was registered.
    """
    trained = _TRAIN[name](reader, owner, settings)
    failed = [str(gate) for gate in trained.failed]
    return replace(trained, version=Registry(owner, settings).judge(trained.version, failed))


def promote_judged(
    name: str, version: str | None, owner: Tables, settings: MlSettings
) -> Version | None:
    """Make the version that a run judged the champion; otherwise the champion stays, if any.

    Args:
        name: of the model.
        version: what the run trained; None where it trained nothing. One that is no candidate (it
            was refused, or a later one was promoted since) does not speak.
        owner: who writes the registry.
        settings: where the artefacts lie.
    """
    registry = Registry(owner, settings)
    if version is not None:
        judged = registry.version(name, version)
        if judged.stage == "candidate":
            return registry.promote(name, version, judged.reason)
        logger.info("%s %s is not promoted: it is %s", name, version, judged.stage)
    try:
        return registry.champion(name)
    except NoChampionError:
        return None


def score(
    name: str, reader: Tables, owner: Tables, settings: MlSettings, days: Sequence[date]
) -> Scored:
    """Write the scores of the days by a model's champion, and by what scores in its shadow.

    Raises:
        ml.errors.NoChampionError: no version of the model has been promoted.
    """
    return _SCORE[name](reader, owner, settings, days)
