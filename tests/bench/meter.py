"""CPU time and memory of process trees, and the load of the whole machine."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> set[int]:
    """These processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def cpu(roots: Iterable[int]) -> float:
    """CPU seconds of these processes and all their descendants, including those that ended."""
    fields = [stat for pid in tree(roots) if (stat := _stat(pid))]
    return sum(int(stat[at]) for stat in fields for at in (11, 12, 13, 14)) / _TICKS


def cores() -> set[int]:
    """The cores that this process may use."""
    return os.sched_getaffinity(0)


def busy() -> float:
    """CPU seconds of the whole machine since boot, including time stolen by the hypervisor."""
    with Path("/proc/stat").open(encoding="ascii") as stat:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def resident(roots: Iterable[int]) -> float:
    """Proportional memory of these process trees in MB (shared pages count once)."""
    total = 0
    for pid in tree(roots):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def machine() -> list[str]:
    """Facts about this machine that affect the figures, one per line."""
    model = _first("/proc/cpuinfo", "model name")
    memory = int(_first("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    return [
        f"{len(cores())} cores ({model}), {memory:.0f} GiB, Linux {platform.release()}, "
        f"load {os.getloadavg()[0]:.1f} before the run",
        f"Python {platform.python_version()}, {_version('/usr/sbin/postconf', '-d', 'mail_version')}, "
        f"{_version('/usr/bin/rspamd', '--version')}",
    ]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; empty if the process is gone. 1: parent; 11 to 14: CPU."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _first(file: str, key: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "0"


def _version(*command: str) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return f"no {Path(command[0]).name}"
    return " ".join(output.split("\n", 1)[0].split())
