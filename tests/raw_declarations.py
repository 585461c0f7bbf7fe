"""Every raw table that ingestion declares."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import ingestion
from ingestion.registry import PLATFORMS
from ingestion.tables import Table


@cache
def raw_tables() -> Mapping[str, Table]:
    """Declarations by name (``tiktok__videos``): those of each source's file and of the files that
    its name begins (``instagram_insights``)."""
    modules = [module.name for module in pkgutil.iter_modules(ingestion.__path__)]
    return {
        f"{source}__{table.name}": table
        for source in ("app", *PLATFORMS)
        for module in modules
        if module == source or module.startswith(f"{source}_")
        for table in vars(importlib.import_module(f"ingestion.{module}")).values()
        if isinstance(table, Table)
    }
