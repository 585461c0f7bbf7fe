"""Refresh a connection as a worker of its own, once told to on stdin.

``python connection_refresher.py CONNECTION STALE LOG [hang]``: each question to the platform is a
line of LOG; with ``hang`` the platform never answers. Prints the access token that comes of it.
"""

import os
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from ingestion.connections import ConnectionStore, Tokens
from ingestion.settings import read_settings


def ask(_: Tokens) -> Tokens:
    with Path(sys.argv[3]).open("a") as log:
        log.write("asked\n")
    if sys.argv[4:] == ["hang"]:
        print("asking", flush=True)
        sys.stdin.read()
    # long enough for the others to come to the same door
    time.sleep(0.3)
    return Tokens(access_token=SecretStr(f"new-{os.getpid()}"))


if __name__ == "__main__":
    store = ConnectionStore(read_settings())
    print("ready", flush=True)
    sys.stdin.readline()
    found = store.refresh(sys.argv[1], SecretStr(sys.argv[2]), ask)
    print(found.access_token.get_secret_value())
