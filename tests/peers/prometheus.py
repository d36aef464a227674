"""Prometheus and Alertmanager, each in its own folder on a free port, and promtool."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.ports import free_port

PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL = "prometheus", "promtool", "prometheus-alertmanager", "amtool"


def missing() -> str:
    """What is missing to run Prometheus and Alertmanager and how to install it; "" if nothing is."""
    absent = [command for command in (PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL) if shutil.which(command) is None]
    if not absent:
        return ""
    return f"not installed: {', '.join(absent)} (make services, or the packages prometheus and prometheus-alertmanager)"


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prometheus or Alertmanager."""

    url: str

    def get(self, path: str) -> Any:
        """The JSON answer at a path of its API."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def alerts(self) -> list[dict[str, Any]]:
        """Prometheus: the alerts that are pending or firing."""
        return list(self.get("/api/v1/alerts")["data"]["alerts"])

    def received(self) -> list[dict[str, Any]]:
        """Alertmanager: the alerts that have reached it."""
        return list(self.get("/api/v2/alerts"))


def promtool(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run promtool in a folder."""
    return subprocess.run([PROMTOOL, *arguments], check=False, cwd=cwd, capture_output=True, text=True, timeout=120)


@contextlib.contextmanager
def _running(command: list[str], port: int, folder: Path) -> Iterator[Server]:
    server = Server(f"http://127.0.0.1:{port}")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        end = time.monotonic() + 60
        while not _is_ready(server):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not start: {(folder / 'server.log').read_text()[-1000:]}")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _is_ready(server: Server) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(server.url + "/-/ready", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def running_prometheus(config: Path) -> Iterator[Server]:
    """Run Prometheus with a configuration file; its data and log are beside the file."""
    port, folder = free_port(), config.parent
    command = [
        PROMETHEUS,
        f"--config.file={config}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=1h",
    ]
    with _running(command, port, folder) as server:
        yield server


@contextlib.contextmanager
def running_alertmanager(config: Path) -> Iterator[Server]:
    """Run Alertmanager with a configuration file, without a cluster; its data and log are beside the file."""
    port, folder = free_port(), config.parent
    command = [
        ALERTMANAGER,
        f"--config.file={config}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.path={folder / 'data'}",
        "--cluster.listen-address=",
    ]
    with _running(command, port, folder) as server:
        yield server
