"""Pictures are asked for by the dashboard's slug; Superset has to be there."""

from pathlib import Path

import pytest

from dashboards.__main__ import screenshots
from dashboards.screenshot import CHROMIUM, take_screenshots
from dashboards.settings import DashboardsSettings
from tests.ports import free_port
from warehouse.errors import UserError


def test_an_unknown_dashboard_is_named_with_those_that_exist() -> None:
    with pytest.raises(UserError, match=r"'growht' is not one of: audience, .*growth"):
        screenshots(["growht"], Path("unused"))


@pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is missing: make deps")
def test_without_superset_the_remedy_is_told(tmp_path: Path) -> None:
    settings = DashboardsSettings(_env_file=None, url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match=r"no answer. Start it \(make up\) or set SUPERSET_URL"):
        list(take_screenshots(settings, {"overview": 1}, tmp_path / "img"))
