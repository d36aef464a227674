"""Kannel: its bearerbox as an application that binds to the gateway, and its fake SMSC as the phone behind it.

Texts of the phone leave bearerbox over SMPP; texts that arrive over SMPP go to the phone.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.ports import free_port
from tests.stories.gateway import eventually

BEARERBOX, FAKESMSC = Path("/usr/sbin/bearerbox"), Path("/usr/lib/kannel/test/fakesmsc")

_CONFIG = """\
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {smsbox}
store-type = spool
store-location = "{folder}/spool"
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 0
sms-resend-freq = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}

group = smsc
smsc = fake
smsc-id = phone
host = 127.0.0.1
port = {fake}
connect-allow-ip = 127.0.0.1
reroute-smsc-id = us
denied-smsc-id = us

group = smsc
smsc = smpp
smsc-id = us
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = "{user}"
smsc-password = "{password}"
system-type = ""
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1
enquire-link-interval = 1
reconnect-delay = 1
reroute-smsc-id = phone
denied-smsc-id = phone
"""


def missing() -> str:
    """What is missing to run it and how to install it; "" if nothing is."""
    missing_files = [str(file) for file in (BEARERBOX, FAKESMSC) if not file.exists()]
    return (
        f"Kannel lacks {', '.join(missing_files)} (make services, or the packages kannel, kannel-extras)"
        if missing_files
        else ""
    )


@dataclass
class Kannel:
    """A running bearerbox, its port for phones, and its log."""

    fake: int
    log: Path
    phones: list[subprocess.Popen[str]] = field(default_factory=list)
    phone_output: list[str] = field(default_factory=list)

    @property
    def log_text(self) -> str:
        """The log of bearerbox."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def send(self, message: str) -> None:
        """Send "sender receiver text words" from a new phone. It stays connected until the next call."""
        for phone in self.phones:
            phone.terminate()
            phone.wait(15)
        process = subprocess.Popen(
            [str(FAKESMSC), "-H", "127.0.0.1", "-r", str(self.fake), "-m", "1", message],
            text=True, errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.phones.append(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.phone_output.append(line)


@contextlib.contextmanager
def running_kannel(folder: Path, smpp: int, user: str, password: str) -> Iterator[Kannel]:
    """Run a bearerbox that binds to a port of this machine."""
    (folder / "spool").mkdir()
    ports = {name: free_port() for name in ("admin", "smsbox", "sendsms", "fake")}
    config = folder / "kannel.conf"
    config.write_text(_CONFIG.format(folder=folder, smpp=smpp, user=user, password=password, **ports))
    with (folder / "out.log").open("wb") as out:
        box = subprocess.Popen(
            [str(BEARERBOX), "-v", "4", str(config)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    made = Kannel(ports["fake"], folder / "bearerbox.log")
    try:
        eventually(lambda: box.poll() is not None or "entering mainloop" in made.log_text)
        yield made
    finally:
        for process in (*made.phones, box):
            process.terminate()
        for process in (*made.phones, box):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
        for phone in made.phones:
            if phone.stdout is not None:
                phone.stdout.close()
