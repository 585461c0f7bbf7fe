"""The models judged on synthetic worlds, each figure beside its bar and a trivial baseline.

python -m benchmarks.world_evaluation --path DIR [--path DIR ...] [--oracle DIR ...]
    [--stealth 0.2=DIR ...] [--out DIR] [--part detection|forecasts|coefficients|stealth ...]

Each DIR is a world of ``benchmarks.worlds``; the worlds of ``--path`` are judged as one. Their
embedded warehouses are started one after the other, read and stopped. Simulated: no claim about
real creators.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from ml.evaluation import coefficients, detection, stealth, world_forecasts
from ml.evaluation.figures import Figure, show
from ml.evaluation.worlds import (
    Suspects,
    pooled,
    pooled_incidents,
    pooled_suspects,
    read_coefficients,
    read_histories,
    read_incidents,
    read_suspects,
    read_world,
)
from ml.histories import FINAL_AFTER, horizons_of
from ml.settings import MlSettings
from ml.tables import Tables
from orchestration.services import running
from orchestration.stage import warehouse_environment, warehouse_service
from warehouse.errors import UserError, exit_on_user_error
from warehouse.settings import WarehouseSettings

PARTS = ("detection", "coefficients", "forecasts", "stealth")
console = Console(highlight=False, soft_wrap=True)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Tables, Tables]]:
    """The reader's and the owner's tables of a built world, served meanwhile.

    Raises:
        UserError: nothing is built there.
    """
    if not (path / "built").exists():
        raise UserError(f"{path}: is no built world. Build it with python -m benchmarks.worlds.")
    warehouse = path / "warehouse"
    with running(warehouse_service(warehouse, 0), path / "logs") as server:
        env = warehouse_environment(server, warehouse)
        settings = WarehouseSettings(
            host=env["CLICKHOUSE_HOST"],
            port=int(env["CLICKHOUSE_PORT"]),
            secure=False,
            path=warehouse,
        )
        with Tables("reader", settings) as reader, Tables("owner", settings) as owner:
            yield reader, owner


def judge_detection(paths: Sequence[Path], oracle: Sequence[Path], folds: int) -> list[Figure]:
    """Fraud found, the oracle fitted on worlds of other seeds where there are some."""
    judged, seeds = _suspects(paths)
    best, other_seeds = _suspects(oracle) if oracle else (None, set())
    if seeds & other_seeds:
        raise UserError(
            f"oracle: seed {min(seeds & other_seeds)} is judged too, and the creators of a seed "
            "are the same in every world. Take other seeds."
        )
    return detection.figures(detection.detect(judged, best, folds))


def judge_coefficients(paths: Sequence[Path]) -> list[Figure]:
    """Coefficients found again from the pooled truth."""
    tables, days = [], set()
    for path in paths:
        with opened(path) as (_, owner):
            tables.append(read_incidents(owner))
            days.add(int(read_world(owner)["days"]))
            published = read_coefficients(owner)
    if len(days) > 1:
        raise UserError(
            f"path: worlds of {', '.join(map(str, sorted(days)))} days cannot be pooled. "
            "Take worlds of one length."
        )
    every = pooled_incidents(tables)
    table = coefficients.recovered(
        every.incidents, every.accounts, every.creators, published, days.pop() / 365
    )
    console.print(table.round(3).to_string(index=False))
    return coefficients.figures(table)


def judge_forecasts(paths: Sequence[Path]) -> list[Figure]:
    """Coverage and losses of every metric on rolling origins."""
    read = []
    for path in paths:
        with opened(path) as (reader, owner):
            read.append(read_histories(reader, int(read_world(owner)["days"])))
    histories = {metric: pooled([one[metric] for one in read]) for metric in read[0]}
    followers = histories["follower_count"]
    origins = world_forecasts.rolling_origins(followers.date.min(), followers.date.max())
    told = {}
    for metric, history in histories.items():
        began = time.monotonic()
        if len(history):
            known_until = [day - pd.Timedelta(days=FINAL_AFTER[metric]) for day in origins]
            told[metric] = world_forecasts.judge(history, known_until, horizons_of(metric), metric)
        console.print(f"{metric}: forecasts made in {time.monotonic() - began:.0f} s")
    return world_forecasts.figures(told, world_forecasts.groups_of(followers))


def judge_stealth(worlds: Sequence[str], out: Path, folds: int) -> list[Figure]:
    """Detection in a world of each level; the table and the plot go to ``out``."""
    found = {}
    for world in worlds:
        level, path = _level(world)
        found[level] = detection.detect(_suspects([path])[0], folds=folds)
    table = stealth.stealth_table(found)
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / "stealth.csv", index=False)
    stealth.plot(table, out / "stealth.png")
    console.print(f"{out / 'stealth.png'}, {out / 'stealth.csv'}")
    return stealth.figures(table)


def _suspects(paths: Sequence[Path]) -> tuple[Suspects, set[int]]:
    """The pooled worlds and their seeds."""
    read, seeds = [], set()
    for path in paths:
        began = time.monotonic()
        with opened(path) as (reader, owner):
            seeds.add(int(read_world(owner)["seed"]))
            read.append(read_suspects(reader, owner, MlSettings()))
        console.print(f"{path}: features read in {time.monotonic() - began:.0f} s")
    if len(seeds) < len(paths):
        raise UserError("path: two worlds have one seed, so the same creators. Take other seeds.")
    return pooled_suspects(read), seeds


def _level(text: str) -> tuple[float, Path]:
    level, _, path = text.partition("=")
    try:
        if not path:
            raise ValueError(text)
        return float(level), Path(path)
    except ValueError as error:
        raise UserError(f"stealth: {text!r} is no level and folder. Say it as 0.5=DIR.") from error


def main(
    path: Annotated[list[Path], typer.Option(help="A built world that is judged.")] = [],  # noqa: B006
    oracle: Annotated[list[Path], typer.Option(help="A world the oracle learns from.")] = [],  # noqa: B006
    levels: Annotated[
        list[str], typer.Option("--stealth", help="A level and its world: 0.5=DIR.")
    ] = [],  # noqa: B006
    out: Annotated[Path, typer.Option(help="Folder of plot and table.")] = Path(".data/evaluation"),
    part: Annotated[list[str], typer.Option(help=f"{', '.join(PARTS)}; all by default.")] = [],  # noqa: B006
    folds: Annotated[int, typer.Option(min=2, help="Of the creators.")] = detection.FOLDS,
) -> None:
    """Judge the models on synthetic worlds; exit code 1 where a figure does not hold."""
    unknown = set(part) - set(PARTS)
    if unknown:
        raise UserError(f"part: {min(unknown)!r} is unknown. Use some of {', '.join(PARTS)}.")
    judges: dict[str, Callable[[], list[Figure]]] = {}
    if path:
        judges = {
            "detection": lambda: judge_detection(path, oracle, folds),
            "coefficients": lambda: judge_coefficients(path),
            "forecasts": lambda: judge_forecasts(path),
        }
    if levels:
        judges["stealth"] = lambda: judge_stealth(levels, out, folds)
    chosen = [name for name in judges if not part or name in part]
    if not chosen:
        raise UserError("path: no world to judge. Pass --path DIR of a built world.")
    held = True
    for name in chosen:
        began = time.monotonic()
        held = show(f"Synthetic worlds: {name} (simulated)", judges[name](), console) and held
        console.print(f"[dim]{time.monotonic() - began:.0f} s[/dim]\n")
    if not held:
        raise typer.Exit(1)


if __name__ == "__main__":
    with exit_on_user_error():
        typer.run(main)
