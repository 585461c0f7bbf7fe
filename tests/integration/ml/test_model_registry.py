"""The registry in a running warehouse: candidates, champions, refusals, and its commands."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
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


def stages(registry: Registry, name: str) -> dict[str, str]:
    return {known.version: known.stage for known in registry.versions(name)}


def test_a_version_waits_once_judged_and_speaks_once_promoted(registry: Registry) -> None:
    trained = add(registry, "speaks", 3)
    assert (trained.stage, trained.row_count, trained.trained_until) == (
        "trained",
        60,
        date(2026, 3, 1),
    )
    assert registry.candidate("speaks") is None
    first = registry.judge(trained, [])
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
    with pytest.raises(UserError, match="there is no champion before"):
        registry.rollback("turns")
    registry.promote("turns", second.version[:6], "two")
    assert stages(registry, "turns") == {first.version: "retired", second.version: "champion"}
    assert registry.rollback("turns").version == first.version
    assert stages(registry, "turns") == {first.version: "champion", second.version: "withdrawn"}
    # trained, trained, one, retired, two, retired, rolled back: nothing is taken away
    query = "SELECT count() AS n FROM {ml}.model_registry WHERE model_name = 'turns'"
    assert registry.tables.read(query).n[0] == 7


def test_each_rollback_goes_one_further_back(registry: Registry) -> None:
    one, two, three = (add(registry, "back", leaves) for leaves in (3, 4, 5))
    for version in (one, two, three):
        registry.promote("back", version.version, "in turn")
    assert registry.rollback("back").version == two.version
    assert registry.rollback("back").version == one.version
    with pytest.raises(UserError, match=rf"no champion before {one.version}.*{two.version}"):
        registry.rollback("back")
    assert registry.champion("back").version == one.version
    # a person knows better: what was withdrawn speaks again, and counts again
    registry.promote("back", three.version, "mended")
    assert registry.rollback("back").version == one.version
    assert stages(registry, "back")[three.version] == "withdrawn"


def test_judging_again_changes_what_waits_alone(registry: Registry) -> None:
    version = registry.judge(add(registry, "judged", 3), ["loss 2 (<= 1 needed)"])
    assert (version.stage, version.reason) == ("refused", "loss 2 (<= 1 needed)")
    assert registry.judge(version, ["loss 2 (<= 1 needed)"]) == version
    version = registry.judge(version, [])
    assert registry.candidate("judged") == version
    champion = registry.promote("judged", version.version, "x")
    assert registry.judge(champion, ["loss 2 (<= 1 needed)"]) == champion
    assert registry.champion("judged") == champion


def test_a_promotion_by_a_person_while_checks_run_stands(registry: Registry) -> None:
    trained = add(registry, "hurried", 3)
    registry.promote("hurried", trained.version, "a person could not wait")
    registry.judge(trained, ["loss 2 (<= 1 needed)"])
    assert stages(registry, "hurried") == {trained.version: "champion"}


def test_promotion_retires_the_candidates_that_waited_longer(registry: Registry) -> None:
    older, chosen, newer = (
        registry.judge(add(registry, "waits", leaves), []) for leaves in (3, 4, 5)
    )
    registry.promote("waits", chosen.version, "x")
    assert stages(registry, "waits") == {
        older.version: "retired",
        chosen.version: "champion",
        newer.version: "candidate",
    }


def test_of_two_promotions_at_once_the_later_one_stands(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (add(registry, "at_once", leaves) for leaves in (3, 4))
    append, promoted = registry._append, []

    def overtaken(versions: Iterable[Version]) -> None:
        if not promoted:  # between what this one has read and what it writes
            promoted.append(two)
            registry.promote("at_once", two.version, "by another process")
        append(versions)

    monkeypatch.setattr(registry, "_append", overtaken)
    registry.promote("at_once", one.version, "by this process")
    assert stages(registry, "at_once") == {one.version: "champion", two.version: "retired"}


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


def cut_off(registry: Registry, version: Version) -> None:
    path = registry.path(version)
    path.write_bytes(path.read_bytes()[:100])


def lose(registry: Registry, version: Version) -> None:
    registry.path(version).unlink()


def age(registry: Registry, version: Version) -> None:
    """As if it had been written under an older library."""
    old = replace(version, libraries={**version.libraries, "scikit-learn": "1.2.9"})
    row = pd.DataFrame([asdict(old)]).drop(columns="created_at")
    registry.tables.append("model_registry", row)


@pytest.mark.parametrize("harm", [cut_off, lose, age])
def test_training_again_mends_an_unusable_artefact_and_its_champion_stays_one(
    registry: Registry, harm: Callable[[Registry, Version], None]
) -> None:
    name = f"mended_{harm.__name__}"
    first, other = add(registry, name, 3), add(registry, name, 4)
    registry.promote(name, first.version, "x")
    for version in (registry.version(name, first.version), other):
        harm(registry, version)
    with pytest.raises(ArtifactError):
        registry.load(registry.champion(name))
    assert add(registry, name, 4).stage == "trained"
    mended = add(registry, name, 3)
    assert mended.reason.startswith("written anew: model ")
    champion = registry.champion(name)
    assert champion == mended
    assert champion.version == first.version
    np.testing.assert_array_equal(
        registry.load(champion).predict_proba(DATA[["x"]]), fitted(3).predict_proba(DATA[["x"]])
    )
    assert add(registry, name, 3) == champion


def test_writing_again_leaves_the_file_of_before_as_it_is(tmp_path: Path) -> None:
    """A champion is read while another process trains the same version under other libraries."""
    (one, its_sha), (two, other_sha) = (save(fitted(leaves), tmp_path) for leaves in (3, 4))
    assert hashlib.sha256((tmp_path / one).read_bytes()).hexdigest() == its_sha
    assert hashlib.sha256((tmp_path / two).read_bytes()).hexdigest() == other_sha
    assert {path.name for path in tmp_path.iterdir()} == {one, two}
    assert its_sha[:16] in one


def test_an_artefact_of_types_that_have_changed_is_named(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = add(registry, "types", 3)

    def changed(*_: object, **__: object) -> None:
        raise AttributeError("no such attribute")

    monkeypatch.setattr("ml.artifact.skops.loads", changed)
    with pytest.raises(ArtifactError, match=r"cannot be built again \(no such attribute\)"):
        registry.load(version)


def test_other_libraries_are_refused(registry: Registry) -> None:
    version = add(registry, "libraries", 3)
    old = {**version.libraries, "scikit-learn": "1.2.9"}
    with pytest.raises(ArtifactError, match=r"written with scikit-learn 1\.2\.9"):
        load(registry.path(version), version.artifact_sha256, old)
    del old["scikit-learn"]
    with pytest.raises(ArtifactError, match="scikit-learn unknown"):
        load(registry.path(version), version.artifact_sha256, old)


def test_foreign_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"may not be loaded: .*getcwd"):
        save(FunctionTransformer(os.getcwd), tmp_path)
    assert not list(tmp_path.iterdir())


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
