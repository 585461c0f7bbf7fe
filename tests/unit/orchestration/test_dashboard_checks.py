"""The check of a dashboard's charts: what fails it, what it says, and what it does on its own."""

import dagster as dg
import pytest

from dashboards.deploy import ChartResult
from orchestration.bi import CHECK, dashboard_assets, judge

ANSWER = ChartResult("overview", "followers", "Followers", rows=1, seconds=0.25)
EMPTY = ChartResult("overview", "movers", "Movers", rows=0, seconds=0.5)
FAILED = ChartResult("overview", "reach", "Reach", rows=0, seconds=0.1, error="no such table")


def test_a_chart_that_fails_is_named_with_its_error() -> None:
    found = judge("overview", [ANSWER, FAILED, EMPTY, FAILED])
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert found.description == "Reach: no such table (and 1 more)"
    assert found.metadata["failed"].value == ["Reach: no such table"] * 2


def test_a_chart_without_rows_is_told_and_fails_nothing() -> None:
    found = judge("overview", [ANSWER, EMPTY])
    assert found.passed
    values = {name: value.value for name, value in found.metadata.items()}
    assert values == {
        "charts": 2,
        "rows": 1,
        "slowest chart": "Movers: 0.50 s",
        "empty": ["Movers"],
    }


def test_an_unreachable_superset_fails_the_check_in_one_line(
    monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setenv("SUPERSET_URL", f"http://127.0.0.1:{unused_port}")
    monkeypatch.setenv("SUPERSET_PASSWORD", "not-asked-for")
    check = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["dashboards", "growth"]), CHECK))
    with dg.instance_for_test() as instance:
        job = dg.define_asset_job("one_dashboard", selection=check)
        defs = dg.Definitions(assets=[dashboard_assets()], jobs=[job])
        run = defs.resolve_job_def("one_dashboard").execute_in_process(instance=instance)
        (found,) = run.get_asset_check_evaluations()
    assert not found.passed
    assert "does not answer. Start it with `python -m dashboards serve`" in found.description
    assert "\n" not in found.description
