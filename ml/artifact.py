"""Fitted models as files: written by skops, named by their content, opened with an allow-list.

A skops file holds no code: what it may build is listed by type. ``TRUSTED`` is that list, fixed
here; a file that names anything else, was changed, or was written under other libraries is refused.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from importlib.metadata import version as library_version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
from skops import io as skops

from ml.errors import ArtifactError

# Types beyond those that skops trusts by itself.
TRUSTED = frozenset(
    {
        "ml.accounts.AccountClassifier",
        "ml.authenticity.AuthenticityModel",
        "ml.claims.TriageModel",
        "ml.insurance.covariates.Covariates",
        "ml.insurance.covariates.NumericColumn",
        "ml.insurance.credibility.BuhlmannStraub",
        "ml.insurance.duration.DurationCurve",
        "ml.forecast.ForecastModel",
        "ml.insurance.frequency.FrequencyBoosting",
        "ml.insurance.frequency.FrequencyGLM",
        "ml.risk.Expert",
        "ml.risk.RiskModel",
        "ml.insurance.severity.SeverityGLM",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfPoissonLoss",
        "sklearn._loss.loss.HalfGammaLoss",
        "sklearn._loss.loss.PinballLoss",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfPoissonLoss",
        "sklearn._loss._loss.CyHalfGammaLoss",
        "sklearn._loss._loss.CyPinballLoss",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)
# A minor release of these may store or read a model in another way.
LIBRARIES = ("scikit-learn", "skops", "numpy", "scipy")
_ROWS_AT_ONCE = 500_000


def fingerprint(frame: pd.DataFrame) -> str:
    """The sha256 of a frame's columns, types and values, in their order; the index is left out."""
    digest = hashlib.sha256()
    digest.update(json.dumps([[str(name), str(t)] for name, t in frame.dtypes.items()]).encode())
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        part = frame.iloc[start : start + _ROWS_AT_ONCE]
        nested = [name for name, column in part.items() if _holds_nested(column)]
        plain = part.assign(**{str(name): part[name].map(_plain) for name in nested})
        digest.update(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def code_sha256(modules: Iterable[str]) -> str:
    """The sha256 of the sources of modules and folders of this package, e.g. ``["growth"]``."""
    digest = hashlib.sha256()
    for name in sorted(modules):
        path = Path(__file__).with_name(name)
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def version_of(name: str, parameters: Mapping[str, Any], data_sha256: str, code: str) -> str:
    """What names a version: 16 hexadecimal digits of the model's name, parameters, data, code."""
    content = json.dumps([name, parameters, data_sha256, code], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def libraries() -> dict[str, str]:
    """The installed version of each library that a stored model depends on."""
    return {name: library_version(name) for name in LIBRARIES}


def save(model: object, folder: Path) -> tuple[str, str]:
    """Write a model into a folder; what lies there already is never changed.

    Returns:
        The name of the file, which holds the beginning of its sha256, and that sha256.

    Raises:
        ArtifactError: the model holds a type that is not on the list.
    """
    content: bytes = skops.dumps(model)
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"model-{sha256[:16]}.skops"
    _refuse_untrusted(content, path)
    folder.mkdir(parents=True, exist_ok=True)
    _write(content, path)
    return path.name, sha256


def load(path: Path, sha256: str, written_with: Mapping[str, str]) -> Any:
    """Read a model back.

    Args:
        path: the file.
        sha256: what its content must come to.
        written_with: the library versions under which it was written.

    Raises:
        ArtifactError: the file is missing, was changed, names a type that is not on the list, or
            was written with another minor version of a library.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"model {path}: cannot be read ({error.strerror}). Train it again, or point "
            "ML_ARTIFACTS at the folder that holds it."
        ) from None
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise ArtifactError(
            f"model {path}: its sha256 is {found[:16]}..., the registry says {sha256[:16]}... "
            "The file was changed or cut off. Train it again, or restore the file."
        )
    for name, version in libraries().items():
        wanted = written_with.get(name)
        if wanted is None or _minor(wanted) != _minor(version):
            raise ArtifactError(
                f"model {path}: written with {name} {wanted or 'unknown'}, {version} is installed. "
                "Train it again, or install that version."
            )
    _refuse_untrusted(content, path)
    try:
        return skops.loads(content, trusted=sorted(TRUSTED))
    except Exception as error:  # a type that has changed since fails in many ways
        raise ArtifactError(
            f"model {path}: cannot be built again ({error}). Train it again, or install the "
            "version of this project that wrote it."
        ) from error


def _write(content: bytes, path: Path) -> None:
    """Write a file whole or not at all, also where another process writes the same one."""
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            # the registry names the file right after: its content must outlive a power cut
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _refuse_untrusted(content: bytes, path: Path) -> None:
    try:
        foreign = sorted(set(skops.get_untrusted_types(data=content)) - TRUSTED)
    except Exception as error:  # a damaged archive fails in many ways
        raise ArtifactError(f"model {path}: is no skops file ({error}). Train it again.") from None
    if foreign:
        raise ArtifactError(
            f"model {path}: holds types that may not be loaded: {', '.join(foreign)}. Use a model "
            "of this project, or add the type to ml/artifact.py after a review."
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _holds_nested(column: pd.Series) -> bool:
    return column.dtype == object and any(isinstance(value, dict | list) for value in column)


def _plain(value: object) -> object:
    """Maps and lists as text, so that they can be hashed."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=str)
    return value
