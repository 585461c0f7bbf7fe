"""The sources' command: a dry run reads as a load does."""

from collections.abc import Iterator

import dlt
import pyarrow as pa
import pytest

from ingestion.command import _count


def test_a_dry_run_reads_each_stream_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACT__NEXT_ITEM_MODE", "restored afterwards")
    monkeypatch.delenv("EXTRACT__NEXT_ITEM_MODE")
    read: list[str] = []

    def stream(name: str) -> Iterator[pa.Table]:
        for _ in range(3):
            read.append(name)
            yield pa.table({"one": [1, 2]})

    source = dlt.source(
        lambda: [dlt.resource(stream(name), name=name) for name in ("first", "then")], name="toy"
    )()
    assert _count(source) == {"first": 6, "then": 6}
    assert read == ["first"] * 3 + ["then"] * 3
