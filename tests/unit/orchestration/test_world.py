"""The marker that tells a demo's warehouse from a real one."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.demo import make_world
from orchestration.world import World, read_world, refuse_foreign
from warehouse.errors import UserError

WORLD = World(end_date=date(2026, 3, 1))


def test_marker_round_trip(tmp_path: Path) -> None:
    WORLD.write(tmp_path / "warehouse")
    assert read_world(tmp_path / "warehouse") == WORLD


def test_folder_without_marker_has_no_world(tmp_path: Path) -> None:
    assert read_world(tmp_path) is None


def test_foreign_folder_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(UserError, match="no demo built"):
        refuse_foreign(tmp_path)


@pytest.mark.parametrize("state", ["absent", "empty", "marked"])
def test_own_folders_are_accepted(tmp_path: Path, state: str) -> None:
    folder = tmp_path / "warehouse"
    if state != "absent":
        folder.mkdir()
    if state == "marked":
        WORLD.write(folder)
    refuse_foreign(folder)


def test_broken_marker_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"seed": "many"}')
    with pytest.raises(UserError, match="not a world marker") as raised:
        read_world(tmp_path)
    assert "\n" not in str(raised.value)


def test_days_below_one_are_refused() -> None:
    with pytest.raises(UserError, match="--days: 0"):
        make_world(0, None)


def test_replay_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a folder"):
        make_world(1, tmp_path / "absent")


def test_synthetic_world_is_read_on_its_last_days() -> None:
    world = World(end_date=date(2026, 3, 1), snapshots=3)
    assert world.snapshot_days() == (date(2026, 2, 27), date(2026, 3, 1))


def test_the_world_is_at_least_as_long_as_its_readings() -> None:
    assert make_world(3, None).days == 60
    assert make_world(90, None).days == 90
    assert make_world(90, None).snapshots == 90


def test_recorded_data_are_read_once(tmp_path: Path) -> None:
    world = make_world(14, tmp_path)
    assert world.snapshot_days() == (world.end_date, world.end_date)
    assert world.sandbox_arguments() == ["--replay", str(tmp_path)]
