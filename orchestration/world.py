"""The world a demo warehouse was built from, written into its folder as a marker.

``make demo`` rebuilds a folder that carries the marker and refuses any other, so that nobody's
real warehouse is replaced by a demonstration; ``make up`` reads which sandbox to serve with it.
"""

import shutil
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ingestion.sandbox.world import World as SyntheticWorld
from warehouse.errors import UserError

MARKER = "world.json"


class World(BaseModel):
    """A synthetic world by its seed and size, or a folder of recorded data."""

    replay: Path | None = None
    seed: int = 7
    creators: int = 200
    days: int = 120
    end_date: date
    api_days: int = 1
    """Days, the last ones, that are read through the platforms' APIs; the days of a synthetic world
    before them come as history in bulk."""

    def sandbox_arguments(self) -> list[str]:
        """The arguments of ``python -m ingestion.sandbox`` that serve this world."""
        if self.replay:
            return ["--replay", str(self.replay)]
        return [
            *("--seed", str(self.seed)),
            *("--creators", str(self.creators)),
            *("--days", str(self.days)),
            *("--end-date", self.end_date.isoformat()),
        ]

    def instagram_peers(self) -> str:
        """Two accounts of the world whose public numbers the others read, as the setting has it."""
        if self.replay:
            return ""
        synthetic = SyntheticWorld(self.seed, self.creators, self.days, self.end_date)
        accounts = (a for a in synthetic.accounts() if a.platform == "instagram")
        return ",".join(account.handle for account in islice(accounts, 2))

    def history_days(self) -> tuple[date, date] | None:
        """First and last day of the history that is written in bulk; None where there is none."""
        if self.replay or self.days <= self.api_days:
            return None
        first, last = self.end_date - timedelta(days=self.days - 1), self.run_days()[0]
        return first, last - timedelta(days=1)

    def run_days(self) -> tuple[date, date]:
        """First and last day that the daily job reads through the APIs."""
        return self.end_date - timedelta(days=self.api_days - 1), self.end_date

    def first_day(self) -> date:
        """The first day that the warehouse holds."""
        return (self.history_days() or self.run_days())[0]

    def describe(self) -> str:
        """One phrase for a summary."""
        if self.replay:
            return f"recorded data in {self.replay}"
        return (
            f"synthetic world: seed {self.seed}, {self.creators} creators, {self.days} days "
            f"to {self.end_date} (simulated; no claim about real creators)"
        )

    def write(self, folder: Path) -> None:
        """Mark a warehouse folder as built from this world."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text(self.model_dump_json(indent=2) + "\n")


def read_world(folder: Path) -> World | None:
    """The world of a warehouse folder; None where it carries no marker."""
    marker = folder / MARKER
    if not marker.exists():
        return None
    try:
        return World.model_validate_json(marker.read_text())
    except ValidationError as error:
        raise UserError(
            f"{marker}: not a world marker ({error.error_count()} errors). "
            "Move the folder away, then run make demo."
        ) from error


def refuse_foreign(folder: Path) -> None:
    """Raise UserError where a folder holds something that no demo has made."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is not a folder. Set WAREHOUSE_PATH to another place.")
    if folder.exists() and any(folder.iterdir()) and read_world(folder) is None:
        raise UserError(
            f"{folder}: holds a warehouse that no demo built, so it is left alone. "
            "Set WAREHOUSE_PATH to another folder, or move this one away."
        )


def remove_world(folder: Path) -> None:
    """Remove a demo's folder; the marker goes last, so that a removal cut off can be repeated."""
    refuse_foreign(folder)
    if not folder.exists():
        return
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARKER:
            entry.unlink()
    (folder / MARKER).unlink(missing_ok=True)
    folder.rmdir()


def put_in_place(built: Path, final: Path) -> None:
    """Replace the last demo by the new one: at every moment one of them is there, or comes back.

    What a demo leaves behind between the two renames, :func:`recover` takes back.
    """
    refuse_foreign(final)
    old = replaced(final)
    remove_world(old)
    if final.exists():
        final.rename(old)
    built.rename(final)
    remove_world(old)


def recover(final: Path) -> None:
    """Take the last demo back where a replacement was cut off before the new one was in place."""
    old = replaced(final)
    if not final.exists() and read_world(old) is not None:
        old.rename(final)


def replaced(final: Path) -> Path:
    """Where the last demo lies while the new one takes its place."""
    return final.with_name(final.name + ".old")
