"""Creators, their connected accounts and the tokens that open them, in a database of their own.

:class:`ConnectionStore` reads and writes the tables ``creators``, ``connections`` and ``tokens`` of
``DATABASE_URL``: a SQLite file by default, PostgreSQL in production. The tables are made and
upgraded on first use, under a lock. Tokens are encrypted at rest (:mod:`.cipher`).
"""

from ingestion.connections.model import Connection, Creator, Status, Tokens
from ingestion.connections.store import ConnectionStore

__all__ = ["Connection", "ConnectionStore", "Creator", "Status", "Tokens"]
