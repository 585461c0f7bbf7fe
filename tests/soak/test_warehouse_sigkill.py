"""SIGKILL at random moments under concurrent inserts: what was acknowledged is there, once.

``SOAK_KILLS`` sets how often the server is killed (2 by default, 20 in ``make soak``).
"""

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.warehouse_process import WarehouseServer

KILLS = int(os.environ.get("SOAK_KILLS", "2"))
WRITERS = 4
BATCH_ROWS = 2_000
# a busy machine is no fault of the server's: the bound is measured where the full count runs
BACK_IN_SECONDS = 5.0 if KILLS >= 20 else 60.0
SEED = 20260101


@dataclass
class Ledger:
    """What the writers were told: batches acknowledged, and batches of unknown fate."""

    acknowledged: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _write(url: str, auth: tuple[str, str], life: int, writer: int, ledger: Ledger) -> None:
    """Insert one batch after the other until the server is gone; nothing is sent twice."""
    number = 0
    with httpx.Client(base_url=url, auth=auth, timeout=30) as client:
        while True:
            batch = f"{life}-{writer}-{number}"
            rows = "".join(f"{batch}\t{row}\n" for row in range(BATCH_ROWS))
            try:
                answer = client.post(
                    "/",
                    params={"query": "INSERT INTO raw.soak FORMAT TSV"},
                    content=rows,
                    headers={"connection": "close"} if number % 7 == 0 else None,
                )
            except httpx.HTTPError:
                with ledger.lock:
                    ledger.unknown.add(batch)
                return
            with ledger.lock:
                (ledger.acknowledged if answer.status_code == 200 else ledger.unknown).add(batch)
            if answer.status_code != 200:
                return
            number += 1


def _start(path: Path) -> tuple[WarehouseServer, float]:
    started = time.monotonic()
    server = WarehouseServer(path)
    answer = httpx.post(server.url, content="SELECT 1", auth=server.settings.login("owner"))
    assert answer.text == "1\n"
    return server, time.monotonic() - started


@pytest.mark.slow
@pytest.mark.timeout(60 + 30 * KILLS)
def test_sigkill_loses_no_acknowledged_row(tmp_path: Path) -> None:
    moment = random.Random(SEED)
    ledger = Ledger()
    slowest = 0.0
    server, _ = _start(tmp_path / "data")
    auth = server.settings.login("owner")
    for statement in (
        "CREATE DATABASE raw",
        "CREATE TABLE raw.soak (batch String, row UInt32) ENGINE = MergeTree ORDER BY (batch, row)",
    ):
        assert httpx.post(server.url, content=statement, auth=auth).status_code == 200
    for life in range(KILLS):
        writers = [
            threading.Thread(target=_write, args=(server.url, auth, life, number, ledger))
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        # The moment of the kill is the test's subject: anywhere in an insert's life.
        threading.Event().wait(moment.uniform(0.2, 2.0))
        server.stop(signal.SIGKILL)
        for writer in writers:
            writer.join()
        server, seconds = _start(tmp_path / "data")
        slowest = max(slowest, seconds)
    counts = {
        batch: (int(rows), int(distinct))
        for batch, rows, distinct in (
            line.split("\t")
            for line in httpx.post(
                server.url,
                content="SELECT batch, count(), uniqExact(row) FROM raw.soak GROUP BY batch",
                auth=auth,
                timeout=60,
            ).text.splitlines()
        )
    }
    assert server.stop() == 0
    print(
        f"{KILLS} kills: {len(ledger.acknowledged)} batches acknowledged, "
        f"{len(ledger.unknown)} unknown, of which {len(ledger.unknown & set(counts))} landed; "
        f"slowest restart {slowest:.2f} s"
    )
    assert len(ledger.acknowledged) > KILLS
    lost = {batch for batch in ledger.acknowledged if counts.get(batch) != (BATCH_ROWS, BATCH_ROWS)}
    assert not lost
    partial = {batch for batch, found in counts.items() if found != (BATCH_ROWS, BATCH_ROWS)}
    assert not partial
    assert set(counts) <= ledger.acknowledged | ledger.unknown
    assert slowest < BACK_IN_SECONDS
