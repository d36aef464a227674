"""Postfix instances: a server that sends through the gateway, or one that it delivers to."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.peers.mail_servers import Arrived, arrived, greets
from tests.peers.ports import free_port

POSTFIX = "/usr/sbin/postfix"

_MAIN = """\
compatibility_level = 3.6
myhostname = {name}.postfix.example
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
config_directory = {home}/etc
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log/mail.log
maillog_file_prefixes = {home}
alias_maps =
local_recipient_maps =
biff = no
message_size_limit = 104857600
mailbox_size_limit = 0
virtual_mailbox_limit = 0
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 5s
smtp_tls_security_level =
smtp_host_lookup = native
"""

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str:
    """What is missing to run Postfix and how to install it; "" if nothing is."""
    if not Path(POSTFIX).exists():
        return "Postfix is not installed (make services, or the package postfix)"
    if os.geteuid() != 0:
        return "running a Postfix instance needs root (run the tests as root)"
    return ""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running instance that accepts mail for any address on 127.0.0.1:`port`."""

    name: str
    home: Path
    port: int

    def arrived(self) -> list[Arrived]:
        """The copies in the Maildir, in order of arrival."""
        return arrived(self.home / "mail", b"delivered-to")

    def queued(self) -> int:
        """The number of messages in the queue, deferred ones included."""
        listed = subprocess.run(
            ["postqueue", "-c", str(self.home / "etc"), "-j"], capture_output=True, check=True, timeout=30
        )
        return len(listed.stdout.splitlines())

    def flush(self) -> None:
        """Retry every deferred message now."""
        subprocess.run(["postqueue", "-c", str(self.home / "etc"), "-f"], check=True, timeout=30)

    def log(self) -> str:
        """Its mail log."""
        file = self.home / "log" / "mail.log"
        return file.read_text(errors="replace") if file.exists() else ""


def _lay_out(home: Path, name: str, port: int, to: str, parameters: Mapping[str, str], services: str) -> None:
    owner = pwd.getpwnam("postfix")
    home.chmod(0o755)  # its processes run as postfix and must be able to pass
    for folder in ("etc", "queue", "data", "log", "mail"):
        (home / folder).mkdir()
    for folder in ("data", "mail"):
        os.chown(home / folder, owner.pw_uid, owner.pw_gid)
    settings = dict(line.split(" =", 1) for line in _MAIN.format(home=home, name=name).splitlines())
    if to in ("maildir", "discard"):
        ids = {"virtual_uid_maps": f"static:{owner.pw_uid}", "virtual_gid_maps": f"static:{owner.pw_gid}"}
        settings |= ids | {
            "virtual_mailbox_domains": "static:all",
            "virtual_mailbox_base": str(home),
            "virtual_mailbox_maps": "static:mail/",
            "virtual_minimum_uid": "1",
            "virtual_transport": "virtual" if to == "maildir" else "discard:",
        }
    else:
        host, _, next_port = to.rpartition(":")
        settings |= {"relayhost": f"[{host}]:{next_port}", "default_transport": "smtp", "relay_transport": "smtp"}
    settings |= parameters
    (home / "etc" / "main.cf").write_text("".join(f"{key} = {value.strip()}\n" for key, value in settings.items()))
    (home / "etc" / "master.cf").write_text(_with_services(_MASTER.format(port=port), services.format(port=port)))


def _with_services(master: str, more: str) -> str:
    """A master.cf with further services, or other ones of the same name and type."""
    entries: dict[tuple[str, ...], str] = {}
    for entry in re.findall(r"^\S.*\n(?:\s.*\n)*", master + more, re.MULTILINE):
        entries[tuple(entry.split()[:2])] = entry
    return "".join(entries.values())


@contextlib.contextmanager
def running_postfix(
    to: str, *, name: str = "mail", parameters: Mapping[str, str] | None = None, services: str = "",
    sasl: str = "",
) -> Iterator[Postfix]:  # fmt: skip
    """Run an instance. `to` is where all mail goes: "HOST:PORT" (relayed), "maildir" or "discard".

    Its folder is directly in the system's temporary folder, because Postfix must be able to reach it. `parameters`
    override main.cf. `services` are further entries of master.cf, where {port} is its own port. `sasl` is the file
    smtpd.conf of Cyrus SASL. Several instances can run at the same time.
    """
    home = Path(tempfile.mkdtemp(prefix=f"postfix-{name}-"))
    server = Postfix(name, home, free_port())
    control = [POSTFIX, "-c", str(home / "etc")]
    try:
        _lay_out(home, name, server.port, to, parameters or {}, services)
        if sasl:
            (home / "etc" / "sasl").mkdir()
            (home / "etc" / "sasl" / "smtpd.conf").write_text(sasl)
        # Its daemons inherit the output of `start`: a pipe would never close.
        with (home / "log" / "start.log").open("wb") as output:
            started = subprocess.run([*control, "start"], check=False, stdout=output, stderr=output, timeout=60)
        try:
            end = time.monotonic() + 60
            while not greets(server.port):
                if started.returncode != 0 or time.monotonic() > end:
                    output_text = (home / "log" / "start.log").read_text(errors="replace")
                    raise RuntimeError(f"Postfix did not start: {output_text[-1000:]}{server.log()[-1000:]}")
                time.sleep(0.02)
            yield server
        finally:
            with (home / "log" / "stop.log").open("wb") as output:
                subprocess.run([*control, "stop"], check=False, stdout=output, stderr=output, timeout=60)
    finally:
        shutil.rmtree(home, ignore_errors=True)
