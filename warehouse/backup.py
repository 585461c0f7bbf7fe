"""Backup and restore of all layers with ClickHouse's native BACKUP, to a folder.

The folder is the server's: of the embedded server that is this machine; a real server must
allow it (``backups.allowed_path``).
"""

from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from warehouse.errors import UserError
from warehouse.settings import LAYERS, WarehouseSettings

# Copying a warehouse takes longer than the client waits for a query.
_SETTINGS = {"max_execution_time": 0}


def _literal(folder: Path) -> str:
    escaped = str(folder).replace("\\", "\\\\").replace("'", "\\'")
    return f"File('{escaped}')"


def _databases(client: Client, settings: WarehouseSettings) -> list[str]:
    present = set(client.query("SELECT name FROM system.databases").result_columns[0])
    return [name for name in map(settings.database, LAYERS) if name in present]


def backup(client: Client, settings: WarehouseSettings, folder: Path) -> list[str]:
    """Write all layers to a new folder.

    Returns:
        The databases written.

    Raises:
        UserError: the folder holds something already, or the server cannot write it.
    """
    folder = folder.absolute()
    if settings.is_local and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"backup {folder}: exists already. Name a folder that does not.")
    names = _databases(client, settings)
    if not names:
        raise UserError("backup: the warehouse is empty. Run python -m warehouse schema first.")
    listed = ", ".join(f"DATABASE {name}" for name in names)
    _run(client, f"BACKUP {listed} TO {_literal(folder)}", f"backup {folder}")
    return names


def restore(client: Client, settings: WarehouseSettings, folder: Path) -> list[str]:
    """Read all layers back from a folder, into tables that are absent or empty.

    Returns:
        The databases restored.

    Raises:
        UserError: the folder is no backup of this environment, or a table has rows.
    """
    folder = folder.absolute()
    if settings.is_local and not (folder / ".backup").is_file():
        raise UserError(f"restore {folder}: is no backup. Name a folder that backup has written.")
    names = [name for name in map(settings.database, LAYERS) if _contains(folder, name)]
    if settings.is_local and not names:
        raise UserError(
            f"restore {folder}: holds none of this environment's databases "
            f"({', '.join(map(settings.database, LAYERS))}). Set CREDENCE_ENV as it was."
        )
    names = names or [settings.database(layer) for layer in LAYERS]
    listed = ", ".join(f"DATABASE {name}" for name in names)
    _run(client, f"RESTORE {listed} FROM {_literal(folder)}", f"restore {folder}")
    return names


def _contains(folder: Path, database: str) -> bool:
    return (folder / "metadata" / f"{database}.sql").is_file()


def _run(client: Client, statement: str, what: str) -> None:
    try:
        client.command(statement, settings=_SETTINGS)
    except DatabaseError as error:
        if error.name == "CANNOT_RESTORE_TABLE":
            raise UserError(
                f"{what}: a table of the warehouse has rows already. "
                "Restore into a new --path, or drop the table first."
            ) from None
        raise UserError(f"{what}: {str(error).splitlines()[0]}") from None
