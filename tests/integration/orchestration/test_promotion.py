"""Training and promotion as Dagster runs them: only what a run has judged itself may speak."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from ml import jobs
from ml.candidate import Gate, Trained
from ml.errors import NoChampionError, TooFewError
from ml.registry import Registry, Training
from ml.settings import MlSettings
from ml.tables import Tables
from orchestration.models import _judged_version, model_assets
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

DATA = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40) % 2})
MODEL, CHAMPION = (dg.AssetKey(["ml", f"authenticity_{part}"]) for part in ("model", "champion"))
Train = Callable[[Tables, Tables, MlSettings], Trained]


@pytest.fixture
def registry(
    warehouse: WarehouseSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Registry]:
    """The registry of databases of one test, to which the steps of its runs are led by settings."""
    name = f"t_{tmp_path.name}"
    for key, value in {
        "CLICKHOUSE_HOST": warehouse.host,
        "CLICKHOUSE_PORT": str(warehouse.port),
        "CLICKHOUSE_USER": warehouse.user,
        "CLICKHOUSE_PASSWORD": warehouse.login("owner")[1],
        "CLICKHOUSE_READER_PASSWORD": warehouse.login("reader")[1],
        "CREDENCE_ENV": name,
        "ML_ARTIFACTS": str(tmp_path),
    }.items():
        monkeypatch.setenv(key, value)
    settings = WarehouseSettings(_env_file=None)
    with connect(settings=settings) as client:
        apply(client, settings)
    with Tables(settings=settings) as tables:
        yield Registry(tables, MlSettings(_env_file=None))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as found:
        yield found


def training(seed: int, loss: float = 0.0, crash: Exception | None = None) -> Train:
    """A training whose gate wants a loss of at most 1, or that is cut off once it registered."""

    def train(_: Tables, owner: Tables, settings: MlSettings) -> Trained:
        fitted = LogisticRegression(C=seed).fit(DATA[["x"]], DATA.y)
        made = Training({"seed": seed}, DATA, ["x"], "c" * 64)
        version = Registry(owner, settings).register("authenticity", fitted, made)
        if crash:
            raise crash
        return Trained(version, [], [Gate("loss", loss, 1.0, True)])

    return train


def nothing_to_learn(*_: object) -> Trained:
    raise TooFewError("authenticity: no label. Wait.")


def run(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, train: Train
) -> dg.ExecuteInProcessResult:
    monkeypatch.setitem(jobs._TRAIN, "authenticity", train)
    return dg.materialize(
        model_assets(), instance=instance, selection=[MODEL, CHAMPION], raise_on_error=False
    )


def stages(registry: Registry) -> dict[int, str]:
    """The stage of each version by the seed of its training."""
    versions = registry.versions("authenticity")
    return {int(known.parameters.split(":")[1].strip(" }")): known.stage for known in versions}


def test_what_was_cut_off_before_its_checks_is_never_the_champion(
    registry: Registry, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off = training(1, crash=ValueError("the machine stopped"))
    assert not run(instance, monkeypatch, cut_off).success
    assert run(instance, monkeypatch, nothing_to_learn).success
    with pytest.raises(NoChampionError):
        registry.champion("authenticity")
    assert not run(instance, monkeypatch, training(2, loss=2.0)).success
    with pytest.raises(NoChampionError):
        registry.champion("authenticity")
    assert run(instance, monkeypatch, training(3)).success
    assert run(instance, monkeypatch, nothing_to_learn).success
    assert stages(registry) == {1: "trained", 2: "refused", 3: "champion"}
    # its own checks, in a run of its own, make it what they make of any other
    assert run(instance, monkeypatch, training(1)).success
    assert stages(registry) == {1: "champion", 2: "refused", 3: "retired"}


def test_a_run_promotes_what_it_judged_though_another_came_between(
    registry: Registry, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = jobs.promote_judged

    def slowly(*arguments: object) -> object:
        """Between the steps of this run another one trains a version that waits still."""
        made = training(5)(registry.tables, registry.tables, MlSettings(_env_file=None))
        registry.judge(made.version, [])
        return promote(*arguments)

    monkeypatch.setattr(jobs, "promote_judged", slowly)
    assert run(instance, monkeypatch, training(4)).success
    assert stages(registry) == {4: "champion", 5: "candidate"}


def test_a_run_that_was_overtaken_leaves_the_later_champion(
    registry: Registry, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = jobs.promote_judged

    def overtaken(*arguments: object) -> object:
        made = training(7)(registry.tables, registry.tables, MlSettings(_env_file=None))
        registry.promote("authenticity", registry.judge(made.version, []).version, "later")
        return promote(*arguments)

    monkeypatch.setattr(jobs, "promote_judged", overtaken)
    assert run(instance, monkeypatch, training(6)).success
    assert stages(registry) == {6: "retired", 7: "champion"}


def test_a_run_executed_again_promotes_what_the_first_has_judged(
    registry: Registry, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise ValueError("the machine stopped")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "promote_judged", stopped)
        first = run(instance, monkeypatch, training(8))
    assert not first.success
    run(instance, monkeypatch, training(9))
    again = instance.add_run(
        dg.DagsterRun(job_name="train_models", parent_run_id=first.run_id, root_run_id=first.run_id)
    )
    version = _judged_version(SimpleNamespace(run=again, instance=instance), MODEL)
    assert version == next(v for v in registry.versions() if '"seed": 8' in v.parameters).version
    alone = instance.add_run(dg.DagsterRun(job_name="train_models"))
    assert _judged_version(SimpleNamespace(run=alone, instance=instance), MODEL) is None
