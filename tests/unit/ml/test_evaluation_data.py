"""An evaluation that finds nothing to measure says so instead of passing."""

from pathlib import Path

import pytest

from ml.evaluation.__main__ import main
from warehouse.errors import UserError


def test_a_folder_without_any_of_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"DATA: .* holds none of accounts, real"):
        main(tmp_path / "typo")
