"""The registry in a running warehouse: candidates, champions, refusals, and its commands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import FunctionTransformer

from ml.artifact import fingerprint, load, save
from ml.cards.card import CARD_FILE
from ml.errors import ArtifactError, NoChampionError
from ml.registry import Registry, Training, Version
from ml.settings import MlSettings
from ml.tables import Tables
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).resolve().parents[3]
DATA = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60) % 2})


@pytest.fixture
def registry(warehouse: WarehouseSettings, tmp_path: Path) -> Iterator[Registry]:
    with Tables(settings=warehouse) as tables:
        yield Registry(tables, MlSettings(_env_file=None, artifacts=tmp_path))


def fitted(leaves: int) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(max_leaf_nodes=leaves, max_iter=3, random_state=1)
    return model.fit(DATA[["x"]], DATA["y"])


def add(registry: Registry, name: str, leaves: int) -> Version:
    training = Training(
        parameters={"leaves": leaves},
        data=DATA,
        features=["x"],
        code_sha256="c" * 64,
        trained_until=date(2026, 3, 1),
    )
    return registry.register(name, fitted(leaves), training)


def test_a_candidate_speaks_only_after_promotion(registry: Registry) -> None:
    first = add(registry, "speaks", 3)
    assert (first.stage, first.row_count, first.trained_until) == (
        "candidate",
        60,
        date(2026, 3, 1),
    )
    with pytest.raises(NoChampionError, match=r"speaks.*no champion"):
        registry.champion("speaks")
    assert registry.candidate("speaks") == first
    registry.promote("speaks", first.version, "every check passed")
    champion = registry.champion("speaks")
    assert (champion.version, champion.reason) == (first.version, "every check passed")
    assert registry.candidate("speaks") is None
    loaded = registry.load(champion)
    expected = fitted(3).predict_proba(DATA[["x"]])
    np.testing.assert_array_equal(loaded.predict_proba(DATA[["x"]]), expected)


def test_content_names_the_version(registry: Registry) -> None:
    first = add(registry, "content", 3)
    assert add(registry, "content", 3) == first
    assert len(registry.versions("content")) == 1
    assert add(registry, "content", 4).version != first.version


def test_promotion_retires_and_rollback_brings_back(registry: Registry) -> None:
    first, second = add(registry, "turns", 3), add(registry, "turns", 4)
    with pytest.raises(NoChampionError):
        registry.rollback("turns")
    registry.promote("turns", first.version, "one")
    with pytest.raises(UserError, match="first champion"):
        registry.rollback("turns")
    registry.promote("turns", second.version[:6], "two")
    stages = {known.version: known.stage for known in registry.versions("turns")}
    assert stages == {first.version: "retired", second.version: "champion"}
    assert registry.rollback("turns").version == first.version
    stages = {known.version: known.stage for known in registry.versions("turns")}
    assert stages == {first.version: "champion", second.version: "retired"}
    # trained, trained, one, retired, two, retired, rolled back: nothing is taken away
    query = "SELECT count() AS n FROM {ml}.model_registry WHERE model_name = 'turns'"
    assert registry.tables.read(query).n[0] == 7


def test_an_unknown_version_is_named(registry: Registry) -> None:
    first = add(registry, "unknown", 3)
    with pytest.raises(UserError, match=f"version nope is not registered.*{first.version}"):
        registry.promote("unknown", "nope", "x")
    assert registry.version("unknown", first.version[:5]) == first


def test_a_changed_artefact_is_refused(registry: Registry) -> None:
    version = add(registry, "changed", 3)
    path = registry.path(version)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactError, match=r"sha256 .* cut off"):
        registry.promote("changed", version.version, "x")
    path.unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        registry.load(version)
    assert add(registry, "changed", 3).artifact_sha256  # trained again, it is written again
    assert path.exists()


def test_other_libraries_are_refused(registry: Registry) -> None:
    version = add(registry, "libraries", 3)
    old = {**version.libraries, "scikit-learn": "1.2.9"}
    with pytest.raises(ArtifactError, match=r"written with scikit-learn 1\.2\.9"):
        load(registry.path(version), version.artifact_sha256, old)
    del old["scikit-learn"]
    with pytest.raises(ArtifactError, match="scikit-learn unknown"):
        load(registry.path(version), version.artifact_sha256, old)


def test_foreign_types_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    with pytest.raises(ArtifactError, match=r"may not be loaded: .*getcwd"):
        save(FunctionTransformer(os.getcwd), path)
    assert not path.exists()


def test_data_are_fingerprinted_by_value() -> None:
    maps = pd.DataFrame({"features": [{"a": 1.0, "b": 2.0}]})
    assert fingerprint(maps) == fingerprint(pd.DataFrame({"features": [{"b": 2.0, "a": 1.0}]}))
    assert fingerprint(maps) != fingerprint(pd.DataFrame({"features": [{"a": 1.0, "b": 2.5}]}))
    assert fingerprint(DATA) != fingerprint(DATA.astype({"y": float}))
    assert fingerprint(DATA) != fingerprint(DATA.iloc[::-1])


def test_commands(registry: Registry, warehouse: WarehouseSettings) -> None:
    first = add(registry, "commands", 3)
    env = {
        **os.environ,
        **registry_environment(warehouse),
        "ML_ARTIFACTS": str(registry.folder),
        "COLUMNS": "200",
    }

    def ml(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ml", "models", *arguments]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)

    assert first.version in ml("list", "commands").stdout
    promoted = ml("promote", "commands", first.version[:8], "--reason", "tried by hand")
    assert promoted.stdout == f"commands: {first.version} is the champion\n"
    metric = {"model_name": "commands", "version": first.version, "as_of": date(2026, 3, 1)}
    told = {"dataset": "validation", "segment": "all", "metric": "r2", "metric_value": float("nan")}
    registry.tables.append("model_metric", pd.DataFrame([{**metric, **told, "row_count": None}]))
    card = registry.path(first).with_name(CARD_FILE)
    card.touch()
    shown = ml("show", "commands", first.version).stdout
    assert str(card) in shown
    assert "nan" not in shown
    assert "champion, tried by hand" in shown
    assert "60 rows" in shown
    refused = ml("rollback", "commands")
    assert refused.returncode
    assert refused.stderr.startswith("error: model commands:")
    assert refused.stderr.count("\n") == 1


def registry_environment(warehouse: WarehouseSettings) -> dict[str, str]:
    assert warehouse.password is not None
    return {
        "CLICKHOUSE_HOST": warehouse.host,
        "CLICKHOUSE_PORT": str(warehouse.port),
        "CLICKHOUSE_USER": warehouse.user,
        "CLICKHOUSE_PASSWORD": warehouse.password.get_secret_value(),
    }
