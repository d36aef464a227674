"""Ports for servers that tests start, and start again.

They are below those that the system gives to outgoing connections and to servers that ask for any port. One of those
could be given away again before the server listens, or while it is down. Each test process has ports of its own.
"""

from __future__ import annotations

import itertools
import os
import random
import socket

_FIRST, _SHARE, _PROCESSES = 11_000, 5_000, 4
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES

_turns = itertools.count(random.SystemRandom().randrange(_SHARE))  # other test runs of this machine begin elsewhere


def free_port() -> int:
    """A port on which nothing listens. It is returned again after thousands of others only."""
    for turn in itertools.islice(_turns, _SHARE):
        port = _FIRST + _PROCESS * _SHARE + turn % _SHARE
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("every port for tests is in use")
