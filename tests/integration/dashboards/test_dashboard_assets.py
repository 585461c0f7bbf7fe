"""The dashboards as assets in a real Superset: deployed once a run, every chart checked."""

from collections.abc import Iterator

import dagster as dg
import pytest
from clickhouse_connect.driver.client import Client

from dashboards.assets import load_assets
from dashboards.settings import DashboardsSettings
from orchestration.bi import CHECK, dashboard_assets
from orchestration.resources import resources
from warehouse.settings import WarehouseSettings

pytestmark = pytest.mark.superset

PUBLIC = "https://bi.example.com"
OVERVIEW = dg.AssetKey(["dashboards", "overview"])


@pytest.fixture
def instance(
    superset_settings: DashboardsSettings,
    marts: WarehouseSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dg.DagsterInstance]:
    """A Dagster whose runs find the tests' Superset and marts as a user's would."""
    user, password = marts.login("reader")
    for name, value in {
        "SUPERSET_URL": superset_settings.url,
        "SUPERSET_PUBLIC_URL": PUBLIC,
        "SUPERSET_HOME": str(superset_settings.home),
        "SUPERSET_EMBED_ORIGINS": superset_settings.embed_origins,
        "CLICKHOUSE_HOST": marts.host,
        "CLICKHOUSE_PORT": str(marts.port),
        "CLICKHOUSE_READER_USER": user,
        "CLICKHOUSE_READER_PASSWORD": password,
    }.items():
        monkeypatch.setenv(name, value)
    with dg.instance_for_test() as found:
        yield found


def run(instance: dg.DagsterInstance, selection: dg.AssetSelection) -> dg.ExecuteInProcessResult:
    job = dg.define_asset_job("selected", selection=selection)
    defs = dg.Definitions(assets=[dashboard_assets()], jobs=[job], resources=resources())
    return defs.resolve_job_def("selected").execute_in_process(instance=instance)


def test_what_is_selected_is_deployed_and_every_chart_of_it_checked(
    instance: dg.DagsterInstance, marts_owner: Client
) -> None:
    done = run(instance, dg.AssetSelection.assets(OVERVIEW))
    (event,) = done.get_asset_materialization_events()
    assert event.asset_key == OVERVIEW
    metadata = event.materialization.metadata
    charts = load_assets().dashboards["overview"].charts()
    assert metadata["charts"].value == len(charts)
    assert metadata["superset"].value == f"{PUBLIC}/superset/dashboard/overview/"
    assert metadata["slowest chart"].value
    (checked,) = done.get_asset_check_evaluations()
    assert (checked.asset_key, checked.passed) == (OVERVIEW, True)

    mart = "marts.mart_engagement__benchmark"
    marts_owner.command(f"RENAME TABLE {mart} TO {mart}_away")
    try:
        # by itself, as after a load: nothing is deployed
        again = run(instance, dg.AssetSelection.checks(dg.AssetCheckKey(OVERVIEW, CHECK)))
    finally:
        marts_owner.command(f"RENAME TABLE {mart}_away TO {mart}")
    assert not again.get_asset_materialization_events()
    (checked,) = again.get_asset_check_evaluations()
    assert not checked.passed
    assert checked.metadata["charts"].value == len(charts)
    (failed,) = checked.metadata["failed"].value
    assert failed == checked.description
    title, _, words = failed.partition(": ")
    assert title == "Benchmark of engagement rates by views"
    assert "mart_engagement__benchmark" in words
