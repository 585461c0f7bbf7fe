"""Ports for servers that a test starts."""

import socket

_given: set[int] = set()


def free_port() -> int:
    """A port that nothing listens on and that no one else in this process was given.

    The kernel may hand out a port again as soon as its probe is closed, so a test that asks for
    the ports of several servers before it starts the first could get one port twice.
    """
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port
