"""The generic tests of the project: each passes on rows that are sound and fails on others.

They run in a project of their own, which has the house's macros and one small model for each case.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt_command import PROJECT, Dbt

DAYS = {"start_date": "2026-03-02", "end_date": "2026-03-03"}


@dataclass(frozen=True)
class Case:
    """A model's rows (SQL), the test on it, and whether the test finds fault."""

    name: str
    test: str
    rows: str
    arguments: dict[str, Any] = field(default_factory=dict)
    column: str | None = None
    fails: bool = False


def values(columns: str, *rows: str) -> str:
    """A SELECT of literal rows."""
    return f"select * from values('{columns}', {', '.join(f'({row})' for row in rows)})"


def dates(*days: str) -> str:
    return values("k String, snapshot_date Date", *[f"'a', '2026-03-{day}'" for day in days])


ONE_TO_FIVE = ", ".join(
    f"{number} as {name}_m" for number, name in enumerate(("p05", "p25", "p50", "p75", "p95"))
)
TOGETHER = {"columns": ["k", "snapshot_date"]}
KEY = {"key": ["k"]}
FLAGS = {"conditions": ["is_a", "is_b"]}
UP_TO_ONE = {"minimum": 0, "maximum": 1}
FLAG = "is_a Nullable(Bool), is_b Nullable(Bool)"
COUNTED = {"to": "ref('upstream')", "measure": "sum(n)"}
NEWEST = {"column": "snapshot_date", "to": "ref('upstream')", "to_column": "snapshot_date"}
N = "snapshot_date Date, n Nullable(Int64)"
# what upstream holds: two rows on the second of March and one on the third
UPSTREAM = values("snapshot_date Date", "'2026-03-02'", "'2026-03-02'", "'2026-03-03'")

LESS = values(N, "'2026-03-02', 2", "'2026-03-03', 0")
ON_SECOND = "snapshot_date = toDate('2026-03-02')"
TO_SECOND = {"condition": ON_SECOND, "to_condition": ON_SECOND}
LONG_AGO = f"{dates('03')} union all select 'a', toDate('2025-01-01')"

CASES = [
    Case("unique", "unique_together", dates("01", "02"), TOGETHER),
    Case("twice", "unique_together", dates("01", "01"), TOGETHER, fails=True),
    Case("twice_before", "unique_together", dates("01", "01"), TOGETHER | {"day": "snapshot_date"}),
    Case("within", "in_range", "select toNullable(0.5) as x union all select null", UP_TO_ONE, "x"),
    Case("decimal", "in_range", "select toDecimal64('0.5', 2) as x", UP_TO_ONE, "x"),
    Case("below", "in_range", "select -0.1 as x", UP_TO_ONE, "x", fails=True),
    Case("above", "in_range", "select 1.1 as x", UP_TO_ONE, "x", fails=True),
    Case("not_a_number", "in_range", "select nan as x", UP_TO_ONE, "x", fails=True),
    Case("infinite", "in_range", "select inf as x", {"minimum": 0}, "x", fails=True),
    Case("known", "known_platform", "select 'tiktok' as p", column="p"),
    Case("unknown", "known_platform", "select 'myspace' as p", column="p", fails=True),
    Case("ascending", "quantiles_ascend", f"select {ONE_TO_FIVE}", {"measure": "m"}),
    Case(
        "descending",
        "quantiles_ascend",
        f"select {ONE_TO_FIVE.replace('0 as', '9 as')}",
        {"measure": "m"},
        fails=True,
    ),
    Case("one_flag", "mutually_exclusive", values(FLAG, "true, false", "null, true"), FLAGS),
    Case("no_flag", "mutually_exclusive", values(FLAG, "false, false", "null, null"), FLAGS),
    Case("both_flags", "mutually_exclusive", values(FLAG, "true, true"), FLAGS, fails=True),
    Case("no_gap", "sequence_without_gaps", dates("01", "02", "03"), KEY),
    Case("gap", "sequence_without_gaps", dates("01", "03"), KEY, fails=True),
    Case("gap_long_ago", "sequence_without_gaps", LONG_AGO, KEY),
    Case("of_today", "recency", dates("03"), NEWEST),
    Case("of_yesterday", "recency", dates("02"), NEWEST, fails=True),
    Case("a_day_may_lack", "recency", dates("02"), NEWEST | {"days": 1}),
    Case("equal", "row_reconciliation", values(N, "'2026-03-02', 2", "'2026-03-03', 1"), COUNTED),
    Case(
        "less",
        "row_reconciliation",
        values(N, "'2026-03-02', 2", "'2026-03-03', 0"),
        COUNTED,
        fails=True,
    ),
    Case("lacks_a_day", "row_reconciliation", values(N, "'2026-03-02', 2"), COUNTED, fails=True),
    Case(
        "has_a_day_too_many",
        "row_reconciliation",
        values(N, "'2026-03-02', 2", "'2026-03-03', 1", "'2026-03-03', 1"),
        COUNTED,
        fails=True,
    ),
    Case(
        "differs_before_the_runs_days",
        "row_reconciliation",
        values(N, "'2026-02-01', 7", "'2026-03-02', 2", "'2026-03-03', 1"),
        COUNTED,
    ),
    Case(
        "elsewhere",
        "row_reconciliation",
        "select 1 as x",
        {"to": "ref('upstream')", "found_in": "ref('upstream')", "to_measure": "count() + 1"},
        fails=True,
    ),
]


@pytest.fixture(scope="module")
def outcomes(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each case's test came to: pass or fail."""
    project = tmp_path_factory.mktemp("generic_tests")
    shutil.copytree(PROJECT / "macros", project / "macros")
    shutil.copy(PROJECT / "profiles.yml", project)
    of_house = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    kept = ("name", "version", "config-version", "profile", "flags", "vars")
    (project / "dbt_project.yml").write_text(yaml.safe_dump({k: of_house[k] for k in kept}))
    write_models(project / "models")
    own = Dbt(dbt.warehouse, project / "runs", project)
    own.folder.mkdir()
    done = own("build", variables=DAYS)
    results = json.loads((own.folder / "target" / "run_results.json").read_text())["results"]
    tests = {r["unique_id"]: r["status"] for r in results if r["unique_id"].startswith("test.")}
    assert tests, done.stdout
    return {name.split(".")[2]: status for name, status in tests.items()}


def write_models(folder: Path) -> None:
    """A model and its test for every case, and what they are held against."""
    folder.mkdir()
    # macros read it, and dbt looks for it while it parses
    (folder / "upstream.sql").write_text(UPSTREAM)
    models = []
    for case in CASES:
        (folder / f"{case.name}.sql").write_text(case.rows)
        test = {case.test: {"name": f"is_{case.name}", "arguments": case.arguments}}
        model: dict[str, Any] = {"name": case.name}
        if case.column:
            model["columns"] = [{"name": case.column, "data_tests": [test]}]
        else:
            model["data_tests"] = [test]
        models.append(model)
    (folder / "models.yml").write_text(yaml.safe_dump({"version": 2, "models": models}))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_test_finds_what_it_should(case: Case, outcomes: dict[str, str]) -> None:
    assert outcomes[f"is_{case.name}"] == ("fail" if case.fails else "pass")


def test_every_generic_test_is_shown_to_pass_and_to_fail() -> None:
    written = {path.stem for path in (PROJECT / "macros" / "tests").glob("*.sql")}
    shown = {(case.test, case.fails) for case in CASES}
    for name in written - {"get_where_subquery"}:
        assert {(name, True), (name, False)} <= shown, name
