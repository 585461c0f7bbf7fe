"""The truth stays apart: no route, no reader of an API and no dbt model knows it."""

import ast
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.sandbox.world import World
from ingestion.sandbox.world.coefficients import (
    DEVELOPMENT_SEED,
    EVALUATION_SEEDS,
    HELD_OUT_FRAUD,
    rows,
)
from ingestion.sandbox.world.publication import coefficient_table
from ingestion.sandbox.world.truth import SCHEMAS

ROOT = Path(__file__).resolve().parents[3]
WORLD = ROOT / "ingestion" / "sandbox" / "world"
PRIVATE_MODULES = {
    "block", "claims", "disturbances", "events", "fraud", "incidents", "inflation", "people",
    "plan", "truth",
}  # fmt: skip
PRIVATE_NAMES = {"BOTS", "POD_PEOPLE", "pod_members", "Built", "Plan", "Truth", "build"}


def outside() -> list[Path]:
    """Every module of the house but the world's own, and the loader with its command line."""
    allowed = {ROOT / "ingestion/sandbox/truth.py", ROOT / "ingestion/sandbox/__main__.py"}
    folders = ("ingestion", "serving", "dashboards", "orchestration")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if path not in allowed and WORLD not in path.parents]


def secrets_of_the_world(source: str) -> list[str]:
    """What a module takes from the world that a platform would not tell."""
    taken = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            inside = node.module.removeprefix("ingestion.sandbox.world")
            if inside != node.module:
                taken += sorted({inside.removeprefix(".")} & PRIVATE_MODULES)
                taken += sorted(names & (PRIVATE_NAMES | PRIVATE_MODULES))
            if node.module == "ingestion.sandbox.truth":
                taken.append(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in ("truth", "_span", "_kept"):
            owner = node.value
            if node.attr == "truth" or (isinstance(owner, ast.Name) and owner.id == "world"):
                taken.append(node.attr)
    return taken


def test_no_route_and_no_reader_knows_the_truth() -> None:
    modules = outside()
    assert ROOT / "ingestion" / "sandbox" / "server.py" in modules
    guilty = {str(path): secrets_of_the_world(path.read_text("utf-8")) for path in modules}
    assert {path: taken for path, taken in guilty.items() if taken} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from ingestion.sandbox.world.truth import SCHEMAS",
        "from ingestion.sandbox.world.commenters import BOTS",
        "from ingestion.sandbox.world import incidents",
        "from ingestion.sandbox.truth import load_truth",
        "def f(world): return world.truth()",
    ],
)
def test_the_check_sees_who_takes_it(source: str) -> None:
    assert secrets_of_the_world(source)


def test_no_dbt_file_reads_the_truth() -> None:
    project = ROOT / "dbt_project"
    kept = [
        path
        for path in project.rglob("*")
        if path.suffix in (".sql", ".yml", ".yaml", ".csv")
        and not {"target", "dbt_packages", "logs"} & set(path.relative_to(project).parts)
    ]
    assert len(kept) > 10
    reads = re.compile(
        r"\btruth\s*\.|source\(\s*['\"]truth|\bname:\s*['\"]?truth\b|schema:.*\btruth\b"
    )
    guilty = [str(path) for path in kept if reads.search(path.read_text("utf-8"))]
    assert guilty == []


def test_tables_have_the_columns_that_the_schema_creates() -> None:
    folder = ROOT / "warehouse" / "schema"
    created = {path.stem.removeprefix("truth_"): path for path in folder.glob("truth_*.sql")}
    assert set(created) == set(SCHEMAS)
    for name, path in created.items():
        columns = re.findall(r"^    (\w+) (\S+)", path.read_text("utf-8"), re.MULTILINE)
        assert [column for column, _ in columns] == SCHEMAS[name].names, name


def test_truth_names_only_what_the_world_has() -> None:
    world = World(seed=7, creators=23, days=40, end_date=date(2026, 11, 20))
    tables = world.truth()
    assert {name: table.schema for name, table in tables.items()} == SCHEMAS
    accounts = {(a.creator_id, a.platform, a.account_id) for a in world.accounts()}
    creators = {creator.creator_id for creator in world.creators()}
    assert {row["creator_id"] for row in tables["creator"].to_pylist()} == creators
    assert {_key(row) for row in tables["account"].to_pylist()} == accounts
    for name in ("event", "post", "follower_lot", "claim"):
        assert {_key(row) for row in tables[name].to_pylist()} <= accounts, name
    for row in tables["post"].to_pylist():
        assert world.locate_post(row["platform"], row["post_id"]) is not None
    for name, column in (("incident", "incident_id"), ("claim", "claim_id")):
        values = tables[name][column].to_pylist()
        assert len(set(values)) == len(values)
    assert tables["world"].num_rows == 1


def _key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["creator_id"], row["platform"], row["account_id"]


def test_a_smaller_world_has_the_same_truth_about_its_creators() -> None:
    end = date(2026, 11, 20)
    small = World(seed=5, creators=13, days=30, end_date=end).truth()
    large = World(seed=5, creators=40, days=30, end_date=end).truth()
    known = set(small["creator"]["creator_id"].to_pylist())
    for name in ("creator", "account", "event", "post", "incident", "claim"):
        kept = [row for row in large[name].to_pylist() if row["creator_id"] in known]
        assert small[name].to_pylist() == kept, name


def test_coefficients_are_published_as_they_are() -> None:
    page = (ROOT / "docs" / "world.md").read_text("utf-8")
    assert coefficient_table() in page, (
        "docs/world.md is behind: put in the output of "
        "python -m ingestion.sandbox truth coefficients"
    )
    for seed in (DEVELOPMENT_SEED, EVALUATION_SEEDS[0], EVALUATION_SEEDS[-1]):
        assert re.search(rf"\b{seed}\b", page)
    assert HELD_OUT_FRAUD in page
    assert DEVELOPMENT_SEED not in EVALUATION_SEEDS


def test_coefficients_have_a_name_a_unit_and_a_meaning() -> None:
    found = list(rows())
    assert len(found) > 150
    assert max(Counter(name for name, *_ in found).values()) == 1
    assert all(unit and meaning for _, _, unit, meaning in found)
    table = World(seed=1, creators=1, days=1, end_date=date(2026, 1, 1)).truth()["coefficient"]
    assert isinstance(table, pa.Table)
    assert table.num_rows == len(found)
