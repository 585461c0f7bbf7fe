"""The marker that tells a demo's warehouse from a real one."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.demo import make_world
from orchestration.world import (
    World,
    put_in_place,
    read_world,
    recover,
    refuse_foreign,
    remove_world,
    replaced,
)
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


@pytest.mark.parametrize(
    ("creators", "days", "api_days", "said"),
    [
        (0, 9, 3, "--creators: 0"),
        (5, 0, 3, "--days: 0"),
        (5, 9, 0, "--api-days: 0"),
        (5, 2, 3, "2"),
    ],
)
def test_a_world_of_nothing_is_refused(creators: int, days: int, api_days: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make_world(creators, days, api_days, None)


def test_replay_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a folder"):
        make_world(5, 9, 3, tmp_path / "absent")


def test_the_last_days_come_through_the_apis_and_those_before_in_bulk() -> None:
    world = World(end_date=date(2026, 3, 1), days=10, api_days=3)
    assert world.run_days() == (date(2026, 2, 27), date(2026, 3, 1))
    assert world.history_days() == (date(2026, 2, 20), date(2026, 2, 26))
    assert world.first_day() == date(2026, 2, 20)


def test_a_world_read_whole_through_the_apis_has_no_history() -> None:
    world = World(end_date=date(2026, 3, 1), days=3, api_days=3)
    assert world.history_days() is None
    assert world.first_day() == date(2026, 2, 27)


def test_recorded_data_are_read_once(tmp_path: Path) -> None:
    world = make_world(5, 14, 3, tmp_path)
    assert world.run_days() == (world.end_date, world.end_date)
    assert world.history_days() is None
    assert world.sandbox_arguments() == ["--replay", str(tmp_path)]


def a_demo(folder: Path, content: str) -> Path:
    WORLD.write(folder)
    (folder / "engine").mkdir()
    (folder / "engine" / "data").write_text(content)
    return folder


def content(folder: Path) -> str:
    return (folder / "engine" / "data").read_text()


def test_the_new_demo_takes_the_last_ones_place(tmp_path: Path) -> None:
    final, built = a_demo(tmp_path / "w", "last"), a_demo(tmp_path / "w.building", "new")
    put_in_place(built, final)
    assert content(final) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_the_first_demo_has_nothing_to_replace(tmp_path: Path) -> None:
    put_in_place(a_demo(tmp_path / "w.building", "new"), tmp_path / "w")
    assert content(tmp_path / "w") == "new"


def test_a_replacement_cut_off_gives_the_last_demo_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final, built = a_demo(tmp_path / "w", "last"), a_demo(tmp_path / "w.building", "new")
    rename = Path.rename

    def cut_off(path: Path, target: Path) -> Path:
        if path == built:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", cut_off)
    with pytest.raises(KeyboardInterrupt):
        put_in_place(built, final)
    monkeypatch.undo()
    assert not final.exists()
    recover(final)
    assert content(final) == "last"


def test_recovery_leaves_a_demo_in_place_alone(tmp_path: Path) -> None:
    final = a_demo(tmp_path / "w", "new")
    a_demo(replaced(final), "last")
    recover(final)
    assert content(final) == "new"


@pytest.mark.parametrize("name", ["w", "w.old"])
def test_a_foreign_folder_in_the_way_is_left_alone(tmp_path: Path, name: str) -> None:
    built = a_demo(tmp_path / "w.building", "new")
    (tmp_path / name).mkdir()
    (tmp_path / name / "precious").touch()
    with pytest.raises(UserError, match="no demo built"):
        put_in_place(built, tmp_path / "w")
    assert (tmp_path / name / "precious").exists()


def test_removal_cut_off_leaves_the_marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_demo(tmp_path / "w", "last")

    def cut_off(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestration.world.shutil.rmtree", cut_off)
    with pytest.raises(KeyboardInterrupt):
        remove_world(folder)
    assert read_world(folder) == WORLD


def test_a_file_where_the_warehouse_should_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "w").touch()
    with pytest.raises(UserError, match="is not a folder"):
        refuse_foreign(tmp_path / "w")


def test_the_peers_of_a_demo_are_accounts_of_its_world() -> None:
    world = World(seed=7, creators=20, days=5, end_date=date(2026, 11, 20))
    peers = world.instagram_peers().split(",")
    assert len(set(peers)) == 2
    assert world.model_copy(update={"creators": 40}).instagram_peers().split(",") == peers
    assert World(replay=Path("recorded"), end_date=world.end_date).instagram_peers() == ""
