"""npm's smpp package as SMSC and as application. Each process exchanges lines of JSON with the test."""

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
    """What is missing to run them and how to install it; "" if nothing is."""
    if shutil.which("node") is None:
        return "node is not installed (make services, or the package nodejs)"
    return "" if (FOLDER / "node_modules" / "smpp").is_dir() else "npm's smpp is not fetched (make node)"


@dataclass
class NodeProcess:
    """A running script and the events that it printed."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)

    def command(self, do: str, **more: Any) -> None:
        """Send it a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()

    def events_of(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The events of a kind with these fields."""
        return [
            row for row in list(self.events)
            if row["event"] == event and all(row.get(name) == value for name, value in fields.items())
        ]  # fmt: skip

    def wait(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait for the first event of a kind with these fields."""
        found = eventually(lambda: self.events_of(event, **fields))
        assert found, f"{event} {fields} never came: {self.events[-5:]}"
        return found[0]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))


@contextlib.contextmanager
def running(script: str, *arguments: object) -> Iterator[NodeProcess]:
    """Run a script of the folder while the context lasts."""
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
