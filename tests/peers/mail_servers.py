"""What the mail servers share, and how those run that cannot be installed beside Postfix.

Debian installs one mail server only. `make services` unpacks the others in build/servers without installing them. Each
instance of these runs in a mount namespace, and sees its own users and its own folders under /run, /var/spool and
/var/lib; the machine is not changed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SERVERS = Path(__file__).parents[2] / "build" / "servers"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One copy in a Maildir: envelope, and the content as the server received it, with CRLF line ends."""

    sender: str
    recipient: str
    content: bytes


def arrived(maildir: Path, to: bytes) -> list[Arrived]:
    """The copies in a Maildir, in order of arrival. `to`: the field that delivery prepends with the recipient."""
    files = sorted((maildir / "new").glob("*"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    return [_read(file.read_bytes(), to) for file in files]


def _read(stored: bytes, to: bytes) -> Arrived:
    """Remove what delivery prepends, up to the server's own Received."""
    fields: dict[bytes, bytes] = {}
    rest = stored
    while b"received" not in fields:
        line, _, rest = rest.partition(b"\n")
        while rest[:1] in (b" ", b"\t"):
            more, _, rest = rest.partition(b"\n")
            line += more
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    sender = fields[b"return-path"].strip(b"<>")
    return Arrived(sender.decode(), fields[to].decode(), rest.replace(b"\n", b"\r\n"))


def missing(program: str) -> str:
    """What is missing to run a program of build/servers, and how to get it; "" if nothing is."""
    if not (SERVERS / program).exists():
        return f"{program} is not in build/servers (make services unpacks it)"
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "running it in a mount namespace needs root and the program unshare (run the tests as root)"
    return ""


def in_namespace(home: Path, program: Sequence[str], prepare: Sequence[str] = ()) -> list[str]:
    """The command that runs a program of build/servers as if it were installed.

    `home` has `etc/passwd` and `etc/group` that replace the machine's. `prepare`: shell commands that run before it,
    when /run, /var/spool and /var/lib are empty.
    """
    lines = [
        "set -e",
        f"mount -t overlay overlay -o lowerdir={shlex.quote(str(SERVERS / 'usr'))}:/usr /usr",
        *(f"mount --bind {shlex.quote(str(home / 'etc' / name))} /etc/{name}" for name in ("passwd", "group")),
        *(f"mount -t tmpfs tmpfs {folder}" for folder in ("/run", "/var/spool", "/var/lib")),
        *prepare,
        f"exec {shlex.join(program)}",
    ]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines)]


def add_users(home: Path, users: Sequence[str]) -> list[int]:
    """Write the machine's users and further ones, each with a group, into a folder. Returns their numbers."""
    passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
    numbers = list(range(58_001, 58_001 + len(users)))
    for number, name in zip(numbers, users, strict=True):
        passwd += f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
        group += f"{name}:x:{number}:\n"
    (home / "etc").mkdir(exist_ok=True)
    (home / "etc" / "passwd").write_text(passwd)
    (home / "etc" / "group").write_text(group)
    return numbers


@contextlib.contextmanager
def temporary_home(name: str) -> Iterator[Path]:
    """A folder directly in the system's temporary folder that every user can pass."""
    home = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in the foreground until it greets on a port; ends it with all its processes."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        end = time.monotonic() + 60
        while not greets(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


def greets(port: int) -> bool:
    """Whether a server greets on a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as peer:
        return peer.recv(3) == b"220"
    return False
