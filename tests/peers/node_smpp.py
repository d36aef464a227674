"""npm's smpp as SMSC and as application: processes that speak lines of JSON with the test."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.node import FOLDER
from tests.stories.gateway import eventually

SCRIPTS = Path(__file__).parent / "node"


def missing() -> str:
    """What is missing to run them, and the mend; "" when nothing is."""
    if shutil.which("node") is None:
        return "node is not installed (make services, or the package nodejs)"
    return "" if (FOLDER / "node_modules" / "smpp").is_dir() else "npm's smpp is not fetched (make node)"


@dataclass
class NodeProcess:
    """A running script: `events` are what it said so far."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, do: str, **more: Any) -> None:
        """Have it do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()

    def said(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The events of a kind with these fields, so far."""
        return [
            each for each in list(self.events)
            if each["event"] == event and all(each.get(name) == value for name, value in fields.items())
        ]  # fmt: skip

    def wait(self, event: str, **fields: Any) -> dict[str, Any]:
        """The first event of a kind with these fields, once it is said."""
        found = eventually(lambda: self.said(event, **fields))
        assert found, f"{event} {fields} never came: {self.events[-5:]}"
        return found[0]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))


@contextlib.contextmanager
def running(script: str, *arguments: object) -> Iterator[NodeProcess]:
    """A script of the folder, until the end of the context."""
    process = subprocess.Popen(
        ["node", str(SCRIPTS / script), *map(str, arguments)],
        text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(FOLDER / "node_modules")},
    )  # fmt: skip
    made = NodeProcess(process)
    reading = threading.Thread(target=made._read, daemon=True)
    reading.start()
    try:
        yield made
    finally:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        reading.join(10)
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
