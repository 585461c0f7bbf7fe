"""A ClickHouse cluster as dbt sees it over HTTP: it keeps every statement that it is sent.

What was meant for a cluster of replicated tables (ON CLUSTER, Replicated engines, queries of all
replicas) is taken out, and the rest is run by the embedded engine: so dbt goes its whole way, and
what it would have said to a cluster is there to be looked at.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx

CLUSTER = "credence"
ALONE = [
    (re.compile(rf'\bon cluster\s+("{CLUSTER}"|{CLUSTER}\b)', re.IGNORECASE), " "),
    (re.compile(r"\bReplicated(\w*MergeTree)"), r"\1"),
    (re.compile(rf"clusterAllReplicas\(['\"]?{CLUSTER}['\"]?, ([\w.]+)\)"), r"\1"),
    # a column that only a query of a cluster has
    (re.compile(r"\b_shard_num\b"), "1"),
]
NEEDS_A_KEEPER = re.compile(r"\A\s*(/\*.*?\*/\s*)?system\s+sync\s+replica", re.I | re.S)


def alone(statement: str) -> str:
    """The statement as one server without a keeper can run it."""
    if NEEDS_A_KEEPER.match(statement):
        return "select 1"
    for pattern, instead in ALONE:
        statement = pattern.sub(instead, statement)
    return statement


@dataclass
class RecordingCluster:
    """The stub: ``statements`` are those that it was sent, in the order of their arrival."""

    port: int
    statements: list[str] = field(default_factory=list)


@contextmanager
def recording_cluster(warehouse_url: str) -> Iterator[RecordingCluster]:
    """Serve the stub on a free port in front of the engine at ``warehouse_url``."""
    client = httpx.Client(base_url=warehouse_url, timeout=600)
    cluster = RecordingCluster(0)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        hop_by_hop: ClassVar = {"connection", "content-length", "transfer-encoding", "host"}

        def do_GET(self) -> None:
            self._forward("GET", None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._forward("POST", body)

        def _forward(self, method: str, body: bytes | None) -> None:
            if body:
                assert self.headers.get("Content-Encoding") is None
                statement = body.decode()
                with lock:
                    cluster.statements.append(statement)
                body = alone(statement).encode()
            kept = {k: v for k, v in self.headers.items() if k.lower() not in self.hop_by_hop}
            # as sent: the body goes back in the coding in which the engine gave it
            request = client.build_request(method, self.path, content=body, headers=kept)
            response = client.send(request, stream=True)
            content = b"".join(response.iter_raw())
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name.lower() not in self.hop_by_hop:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()
