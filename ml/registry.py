"""Which versions of each model exist, and which one speaks: ``ml.model_registry``.

The table is only added to. A version is first ``trained``; the checks of its run make it a
``candidate`` or ``refused``. Promotion makes it the ``champion``, and ``retired`` the one before it
and the candidates that waited longer, in one insert. A champion that a rollback took back is
``withdrawn``. A ``challenger`` is a model of another kind that scores in the shadow: no run
promotes it, a person may; the next one retires it. What is shown and served is the champion's
alone.

Two processes may write at once: an artefact's file is named by its content, a row never changes
another, and of two champions the later one stands and retires the other.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ml.artifact import fingerprint, libraries, load, save, version_of
from ml.errors import ArtifactError, NoChampionError
from ml.settings import MlSettings
from ml.tables import Tables
from warehouse.errors import UserError

logger = logging.getLogger(__name__)

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
        stage: Literal["trained", "challenger"] = "trained",
    ) -> Version:
        """Store a fitted model that nothing has judged, or the challenger in place of the last one.

        The same parameters, data and code give the version that is there already: nothing is
        written then. Where its file may not be used (lost, damaged, of other libraries) it is
        written anew and the version keeps its stage.
        """
        data_sha256 = fingerprint(training.data)
        version = version_of(name, training.parameters, data_sha256, training.code_sha256)
        before = self.versions(name)
        known = next((one for one in before if one.version == version), None)
        ailment = self._ailment(known) if known else None
        if known and not ailment:
            return known
        file, artifact_sha256 = save(model, self.folder / name / version)
        made = Version(
            model_name=name,
            version=version,
            stage=known.stage if known else stage,
            reason=f"written anew: {ailment}" if ailment else "trained",
            trained_from=training.trained_from,
            trained_until=training.trained_until,
            row_count=len(training.data),
            features=list(training.features),
            parameters=json.dumps(training.parameters, sort_keys=True),
            data_sha256=data_sha256,
            code_sha256=training.code_sha256,
            libraries=libraries(),
            artifact_uri=f"{name}/{version}/{file}",
            artifact_sha256=artifact_sha256,
            created_at=datetime.now(UTC),
        )
        replaced = [
            _moved(other, "retired", f"replaced by {version}")
            for other in before
            if made.stage == other.stage == "challenger" and other.version != version
        ]
        self._append([*replaced, made])
        return made

    def judge(self, version: Version, failed: Sequence[str]) -> Version:
        """Note what the checks of a run said of a version that waits for them.

        One that has spoken, was taken back or waits in the shadow keeps its stage: that was decided
        by a promotion or by a person.

        Args:
            version: as :meth:`register` gave it; its stage is read again.
            failed: each check that does not hold, in words; none makes it a candidate.
        """
        version = self.version(version.model_name, version.version)
        if version.stage not in ("trained", "candidate", "refused"):
            return version
        stage = "refused" if failed else "candidate"
        reason = "; ".join(failed) or "every check passed"
        if (version.stage, version.reason) == (stage, reason):
            return version
        judged = _moved(version, stage, reason)
        self._append([judged])
        return judged

    def promote(self, name: str, version: str, reason: str) -> Version:
        """Make a version the champion; the one before it and older candidates are retired.

        Raises:
            UserError: there is no such version, or its artefact may not be used.
        """
        return self._promote(self.version(name, version), reason, "retired")

    def rollback(self, name: str, reason: str = "rolled back") -> Version:
        """Withdraw the champion and promote the one before it; again, and it goes one further back.

        Champions that a rollback has withdrawn are passed over until a person promotes them again.

        Raises:
            UserError: there is none further back.
        """
        present = self.champion(name)
        stages = {known.version: known.stage for known in self.versions(name)}
        history = self._history(name)
        spoke = history.version[history.stage == "champion"]
        before = [version for version in spoke if stages[version] == "retired"]
        if not before:
            withdrawn = [version for version, stage in stages.items() if stage == "withdrawn"]
            others = f" Withdrawn before: {', '.join(withdrawn)}." if withdrawn else ""
            raise UserError(
                f"model {name}: there is no champion before {present.version} to go back to."
                f"{others} Promote one by name (python -m ml models list, python -m ml models "
                "promote)."
            )
        return self._promote(self.version(name, before[-1]), reason, "withdrawn")

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
        """The newest version whose checks passed and that waits for promotion; None: none."""
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

    def _promote(self, chosen: Version, reason: str, former: str) -> Version:
        """Make a version the champion and give the one before it the stage ``former``."""
        self.load(chosen)
        name = chosen.model_name
        others = [known for known in self.versions(name) if known.version != chosen.version]
        because = f"replaced by {chosen.version}"
        champions = [_moved(one, former, because) for one in others if one.stage == "champion"]
        candidates = [
            _moved(one, "retired", because)
            for one in others
            if one.stage == "candidate" and one.created_at <= chosen.created_at
        ]
        promoted = _moved(chosen, "champion", reason)
        self._append([*champions, *candidates, promoted])
        self._retire_all_but_one(name)
        return promoted

    def _retire_all_but_one(self, name: str) -> None:
        """Let the latest champion stand where two processes promoted at the same time."""
        champion = self.champion(name)
        self._append(
            _moved(known, "retired", f"replaced by {champion.version}")
            for known in self.versions(name)
            if known.stage == "champion" and known.version != champion.version
        )

    def _ailment(self, version: Version) -> str | None:
        """Why the artefact of a version may not be used; None where it may."""
        try:
            self.load(version)
        except ArtifactError as error:
            logger.warning("%s %s is written anew: %s", version.model_name, version.version, error)
            return str(error)
        return None

    def _newest(self, name: str, stage: str) -> Version | None:
        found = [known for known in self.versions(name) if known.stage == stage]
        return max(found, key=lambda known: known.created_at, default=None)

    def _history(self, name: str) -> pd.DataFrame:
        return self.tables.read(HISTORY, {"name": name})

    def _append(self, versions: Iterable[Version]) -> None:
        rows = [asdict(version) for version in versions]
        if rows:
            self.tables.append("model_registry", pd.DataFrame(rows).drop(columns="created_at"))


def _moved(version: Version, stage: str, reason: str) -> Version:
    return Version(**{**asdict(version), "stage": stage, "reason": reason})


def _version(row: dict[Any, Any]) -> Version:
    for day in ("trained_from", "trained_until"):
        row[day] = None if pd.isna(row[day]) else row[day].date()
    row["row_count"] = None if pd.isna(row["row_count"]) else int(row["row_count"])
    return Version(**{**row, "features": list(row["features"])})
