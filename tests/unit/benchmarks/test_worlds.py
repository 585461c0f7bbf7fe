"""A folder holds one world: another is never taken for it."""

from pathlib import Path

import pytest

from benchmarks.worlds import BUILT, already_built
from warehouse.errors import UserError

WORLD = ["--seed", "11", "--creators", "20"]


def test_a_stopped_build_goes_on_and_a_whole_one_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "world"
    assert not already_built(path, WORLD)
    assert not already_built(path, WORLD)
    (path / BUILT).touch()
    assert already_built(path, WORLD)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / BUILT).touch()
    with pytest.raises(UserError, match="is not empty and holds no world"):
        already_built(tmp_path, WORLD)


def test_another_world_in_the_folder_is_refused(tmp_path: Path) -> None:
    already_built(tmp_path, WORLD)
    with pytest.raises(UserError, match=r"holds the world of --seed 11 .*Pass another --path"):
        already_built(tmp_path, ["--seed", "12", "--creators", "20"])
