"""The databases of all layers and the tables that code writes, created if they are absent."""

from importlib.resources import files

from clickhouse_connect.driver.client import Client

from warehouse.settings import LAYERS, WarehouseSettings


def statements(settings: WarehouseSettings) -> list[str]:
    """The DDL of all layers in order, with the environment's database names filled in.

    Each file of ``warehouse/schema`` holds one statement; ``{ops}`` and ``{ml}`` stand for the
    databases.
    """
    databases = {layer: settings.database(layer) for layer in LAYERS}
    ddl = [f"CREATE DATABASE IF NOT EXISTS {name}" for name in databases.values()]
    folder = files("warehouse") / "schema"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            text = file.read_text(encoding="utf-8")
            for layer, name in databases.items():
                text = text.replace("{" + layer + "}", name)
            ddl.append(text.strip().rstrip(";"))
    return ddl


def apply(client: Client, settings: WarehouseSettings) -> int:
    """Create what is missing; running it again changes nothing.

    Returns:
        The number of statements that ran.
    """
    ddl = statements(settings)
    for statement in ddl:
        client.command(statement)
    return len(ddl)
