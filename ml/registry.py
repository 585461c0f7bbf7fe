"""Which versions of each model exist, and which one speaks: ``ml.model_registry``.

The table is only added to. A version is first a ``candidate``; one that fails its gates is
``refused``; promotion makes it the ``champion`` and the one before it ``retired``, in one insert.
A ``challenger`` is a model of another kind that scores in the shadow: no run promotes it, a person
may; the next one retires it. What is shown and served is the champion's alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ml.artifact import MODEL_FILE, fingerprint, libraries, load, save, version_of
from ml.errors import NoChampionError
from ml.settings import MlSettings
from ml.tables import Tables
from warehouse.errors import UserError

HISTORY = """
SELECT * FROM {ml}.model_registry
WHERE {name:String} = '' OR model_name = {name:String}
ORDER BY created_at, stage DESC
"""


@dataclass(frozen=True)
class Version:
    """A version of a model as its latest row in the registry says."""

    model_name: str
    version: str
    stage: str
    reason: str
    trained_from: date | None
    trained_until: date | None
    row_count: int | None
    features: list[str]
    parameters: str
    data_sha256: str
    code_sha256: str
    libraries: dict[str, str]
    artifact_uri: str
    artifact_sha256: str
    created_at: datetime = field(compare=False)

    @property
    def folder(self) -> str:
        """Model and version, as the folder below the artefact folder."""
        return f"{self.model_name}/{self.version}"


@dataclass(frozen=True)
class Training:
    """What a fitted model came from; with the model's name it makes its version."""

    parameters: Mapping[str, Any]
    data: pd.DataFrame
    features: Sequence[str]
    code_sha256: str
    trained_from: date | None = None
    trained_until: date | None = None


class Registry:
    """The registry of a warehouse and the artefact folder that belongs to it."""

    def __init__(self, tables: Tables, settings: MlSettings | None = None) -> None:
        self.tables = tables
        self.folder = (settings or MlSettings()).artifacts

    def register(
        self,
        name: str,
        model: object,
        training: Training,
        stage: Literal["candidate", "challenger"] = "candidate",
    ) -> Version:
        """Store a fitted model as a candidate, or as the challenger in place of the one before.

        The same parameters, data and code give the version that is there already: nothing is
        written then.
        """
        data_sha256 = fingerprint(training.data)
        version = version_of(name, training.parameters, data_sha256, training.code_sha256)
        for known in self.versions(name):
            if known.version == version and self.path(known).exists():
                return known
        uri = f"{name}/{version}/{MODEL_FILE}"
        made = Version(
            model_name=name,
            version=version,
            stage=stage,
            reason="trained",
            trained_from=training.trained_from,
            trained_until=training.trained_until,
            row_count=len(training.data),
            features=list(training.features),
            parameters=json.dumps(training.parameters, sort_keys=True),
            data_sha256=data_sha256,
            code_sha256=training.code_sha256,
            libraries=libraries(),
            artifact_uri=uri,
            artifact_sha256=save(model, self.folder / uri),
            created_at=datetime.now(UTC),
        )
        replaced = [
            _moved(known, "retired", f"replaced by {version}")
            for known in self.versions(name)
            if stage == known.stage == "challenger" and known.version != version
        ]
        self._append([*replaced, made])
        return made

    def promote(self, name: str, version: str, reason: str) -> Version:
        """Make a version the champion of its model and retire the one before it.

        Raises:
            UserError: there is no such version, or its artefact may not be used.
        """
        chosen = self.version(name, version)
        self.load(chosen)
        rows = [
            _moved(known, "retired", f"replaced by {version}")
            for known in self.versions(name)
            if known.stage == "champion" and known.version != version
        ]
        promoted = _moved(chosen, "champion", reason)
        self._append([*rows, promoted])
        return promoted

    def refuse(self, version: Version, reason: str) -> None:
        """Say that a candidate may not speak: it waits no longer, and only a person promotes it."""
        if version.stage == "candidate":
            self._append([_moved(version, "refused", reason)])

    def rollback(self, name: str, reason: str = "rolled back") -> Version:
        """Promote the version that was champion before the present one.

        Raises:
            UserError: there was none.
        """
        present = self.champion(name)
        history = self._history(name)
        before = history[(history.stage == "champion") & (history.version != present.version)]
        if before.empty:
            raise UserError(
                f"model {name}: {present.version} is the first champion, there is none to go back "
                "to. See python -m ml models list."
            )
        return self.promote(name, str(before.version.iloc[-1]), reason)

    def champion(self, name: str) -> Version:
        """The champion of a model.

        Raises:
            NoChampionError: no version has been promoted.
        """
        champions = [known for known in self.versions(name) if known.stage == "champion"]
        if not champions:
            raise NoChampionError(
                f"model {name}: has no champion. Train it (job train_models), or promote a "
                "candidate (python -m ml models list, python -m ml models promote)."
            )
        return max(champions, key=lambda known: known.created_at)

    def candidate(self, name: str) -> Version | None:
        """The newest version that waits for promotion, which scores in the shadow; None: none."""
        return self._newest(name, "candidate")

    def challenger(self, name: str) -> Version | None:
        """The model of another kind that scores in the shadow; None: there is none."""
        return self._newest(name, "challenger")

    def versions(self, name: str = "") -> list[Version]:
        """Every version of a model (of all models by default) as it is now, oldest first."""
        history = self._history(name)
        last = history.drop_duplicates(["model_name", "version"], keep="last")
        return [_version(row) for row in last.to_dict("records")]

    def version(self, name: str, version: str) -> Version:
        """A version by its name or the unambiguous beginning of it.

        Raises:
            UserError: none, or several.
        """
        found = [known for known in self.versions(name) if known.version.startswith(version)]
        if len(found) != 1:
            names = ", ".join(known.version for known in found or self.versions(name)) or "none"
            problem = "is not unambiguous" if found else "is not registered"
            raise UserError(f"model {name}: version {version} {problem}. There are: {names}.")
        return found[0]

    def load(self, version: Version) -> Any:
        """The fitted model of a version.

        Raises:
            ml.errors.ArtifactError: it may not be used; the error says why.
        """
        return load(self.path(version), version.artifact_sha256, version.libraries)

    def path(self, version: Version) -> Path:
        """Where the artefact of a version lies."""
        return self.folder / version.artifact_uri

    def _newest(self, name: str, stage: str) -> Version | None:
        found = [known for known in self.versions(name) if known.stage == stage]
        return max(found, key=lambda known: known.created_at, default=None)

    def _history(self, name: str) -> pd.DataFrame:
        return self.tables.read(HISTORY, {"name": name})

    def _append(self, versions: Sequence[Version]) -> None:
        rows = pd.DataFrame([asdict(version) for version in versions])
        self.tables.append("model_registry", rows.drop(columns="created_at"))


def _moved(version: Version, stage: str, reason: str) -> Version:
    return Version(**{**asdict(version), "stage": stage, "reason": reason})


def _version(row: dict[Any, Any]) -> Version:
    for day in ("trained_from", "trained_until"):
        row[day] = None if pd.isna(row[day]) else row[day].date()
    row["row_count"] = None if pd.isna(row["row_count"]) else int(row["row_count"])
    return Version(**{**row, "features": list(row["features"])})
