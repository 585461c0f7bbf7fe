"""Where packages wait: apart for every warehouse, in a folder that any file system takes."""

import re
from pathlib import Path

from ingestion.pipeline import make_pipeline
from ingestion.settings import IngestionSettings
from warehouse.settings import WarehouseSettings


def working_directory(folder: Path, **values: object) -> Path:
    settings = IngestionSettings(_env_file=None, dlt_dir=folder)
    known = {"host": "127.0.0.1", "port": 8123, "env": "", "password": "secret"}
    warehouse = WarehouseSettings(_env_file=None, **{**known, **values})  # type: ignore[arg-type]
    return Path(make_pipeline("tiktok", settings, warehouse).pipelines_dir)


def test_each_warehouse_has_a_folder_of_its_own(tmp_path: Path) -> None:
    found = [
        working_directory(tmp_path),
        working_directory(tmp_path, port=8124),
        working_directory(tmp_path, host="clickhouse.example.com"),
        working_directory(tmp_path, env="dev"),
    ]
    assert len(set(found)) == 4
    assert working_directory(tmp_path) == found[0]
    assert working_directory(tmp_path, host="CLICKHOUSE.example.com") == found[2]


def test_a_folders_name_is_safe_whatever_the_host_is(tmp_path: Path) -> None:
    for host in ("::1", "../elsewhere", "clickhouse.example.com"):
        folder = working_directory(tmp_path, host=host)
        assert folder.parent == tmp_path
        assert re.fullmatch(r"[\w.%-]+", folder.name)
