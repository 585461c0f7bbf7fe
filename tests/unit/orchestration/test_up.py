"""What `make up` tells its services: a demo's Superset touches nothing of the real settings."""

from datetime import date
from pathlib import Path

from pydantic import SecretStr

from dashboards.settings import DashboardsSettings
from orchestration.up import superset_environment
from orchestration.world import World

REAL = DashboardsSettings(
    _env_file=None,
    home=Path("superset"),
    url="http://127.0.0.1:8099",
    metadata_url=SecretStr("postgresql://superset.invalid/superset"),
    oidc_issuer="https://login.invalid",
)


def test_a_demo_keeps_metadata_and_users_to_itself() -> None:
    found = superset_environment(World(end_date=date(2026, 3, 1)), REAL)
    assert found["SUPERSET_URL"] == "http://127.0.0.1:8099"
    assert found["SUPERSET_METADATA_URL"].startswith(f"sqlite:///{REAL.home.absolute()}/")
    assert found["SUPERSET_OIDC_ISSUER"] == ""


def test_ones_own_warehouse_gets_the_superset_of_the_settings() -> None:
    assert superset_environment(None, REAL) == {"SUPERSET_URL": "http://127.0.0.1:8099"}
