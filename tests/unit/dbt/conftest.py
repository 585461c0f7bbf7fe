"""The project's manifest, parsed once for all tests of its files."""

from typing import Any

import pytest

from tests.dbt_manifest import models_of, parse


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest where no environment is named."""
    return parse(tmp_path_factory.mktemp("parse"))


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> dict[str, Any]:
    """Models by name."""
    return models_of(manifest)
