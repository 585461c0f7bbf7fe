"""The demo's own arrangements."""

from ingestion.sandbox.history.runner import HISTORY_TABLES
from orchestration.demo import HISTORY_SHARES


def test_every_platform_s_history_is_written_once() -> None:
    shared = [platform for share in HISTORY_SHARES for platform in share]
    assert sorted(shared) == sorted(HISTORY_TABLES)
