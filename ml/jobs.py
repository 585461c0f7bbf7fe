"""How each model is trained, promoted and scores: by its name, with the same arguments for all."""

from collections.abc import Callable, Sequence
from datetime import date

from ml.candidate import Trained
from ml.errors import NoChampionError
from ml.perils import train_risk
from ml.registry import Registry, Version
from ml.scoring import forecast_growth, score_authenticity, score_risk
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import train_authenticity, train_growth

Training = Callable[[Tables, Tables, MlSettings], Trained]
Scoring = Callable[[Tables, Tables, MlSettings, Sequence[date]], int]

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
    """Fit a candidate of a model; one that fails a gate is refused in the registry.

    Raises:
        ml.errors.TooFewError: there is too little to learn from; nothing was registered.
    """
    trained = _TRAIN[name](reader, owner, settings)
    if trained.failed:
        words = "; ".join(map(str, trained.failed))
        Registry(owner, settings).refuse(trained.version, words)
    return trained


def promote_candidate(name: str, owner: Tables, settings: MlSettings) -> Version | None:
    """Make the waiting candidate the champion; where none waits, the champion stays, if any.

    A challenger is never taken.
    """
    registry = Registry(owner, settings)
    waiting = registry.candidate(name)
    if waiting is not None:
        return registry.promote(name, waiting.version, "every check passed")
    try:
        return registry.champion(name)
    except NoChampionError:
        return None


def score(
    name: str, reader: Tables, owner: Tables, settings: MlSettings, days: Sequence[date]
) -> int:
    """Write the scores of the days by a model's champion; returns the number of rows.

    Raises:
        ml.errors.NoChampionError: no version of the model has been promoted.
    """
    return _SCORE[name](reader, owner, settings, days)
