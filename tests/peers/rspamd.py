"""An rspamd instance: a milter on a Unix socket, with all modules that need a network switched off."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RSPAMD = "/usr/bin/rspamd"
_SHIPPED = Path("/etc/rspamd")
_NETWORK = (
    "antivirus arc asn bimi clickhouse dcc dkim dkim_signing dmarc elastic external_services fuzzy_check greylist "
    "hfilter history_redis metadata_exporter metric_exporter mx_check neural p0f phishing ratelimit rbl replies "
    "reputation rspamd_update spamassassin spf surbl url_redirector whitelist"
).split()
_READY_WITHIN = 90.0


def missing() -> str:
    """What is missing to run rspamd and how to install it; "" if nothing is."""
    if not Path(RSPAMD).exists():
        return "rspamd is not installed (deploy/services bench, or the package rspamd)"
    if os.geteuid() != 0:
        return "running an rspamd instance needs root"
    return ""


@dataclass(frozen=True, slots=True)
class Rspamd:
    """A running instance: its milter socket and the process id of its main process."""

    socket: Path
    pid: int

    @property
    def milter(self) -> str:
        """Its address for smtpd_milters of Postfix."""
        return f"unix:{self.socket}"


def _lay_out(home: Path, workers: int) -> None:
    local = home / "etc" / "local.d"
    local.mkdir(parents=True)
    for name in ("run", "db", "log"):
        (home / name).mkdir()
    files = {f"{module}.conf": "enabled = false;" for module in _NETWORK}
    files |= {
        "worker-proxy.inc": f"""
            bind_socket = "{home}/run/milter.sock mode=0666";
            count = {workers};
            upstream "local" {{ self_scan = yes; default = yes; }}
        """,
        "worker-normal.inc": "enabled = false;",
        "worker-controller.inc": "enabled = false;",
        "options.inc": f"""
            dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }}
            control_socket = "{home}/run/control.sock mode=0600";
        """,
        "classifier-bayes.conf": "enabled = false;",
    }
    for name, text in files.items():
        (local / name).write_text(text, encoding="utf-8")
    owner = pwd.getpwnam("_rspamd")
    for folder in (home, *home.rglob("*")):
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    home.chmod(0o755)
    (home / "run").chmod(0o755)


def _ready(home: Path, workers: int) -> bool:
    """Whether its expressions are compiled and used by every worker; compilation runs in the background at first."""
    return _log(home).count("full hyperscan database of") >= workers


@contextlib.contextmanager
def running_rspamd(workers: int = 2) -> Iterator[Rspamd]:
    """Run an instance that scans in its milter processes, without Redis or a network."""
    home = Path(tempfile.mkdtemp(prefix="rspamd-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        _lay_out(home, workers)
        paths = {
            "CONFDIR": _SHIPPED, "LOCAL_CONFDIR": home / "etc", "RUNDIR": home / "run", "DBDIR": home / "db",
            "LOGDIR": home / "log",
        }  # fmt: skip
        variables = [f"--var={name}={path}" for name, path in paths.items()]
        with (home / "log" / "start.log").open("wb") as said:
            process = subprocess.Popen(
                [RSPAMD, "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", str(_SHIPPED / "rspamd.conf"), *variables],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        end = time.monotonic() + _READY_WITHIN
        while not _ready(home, workers):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"rspamd did not start: {_log(home)[-1500:]}")
            time.sleep(0.1)
        yield Rspamd(home / "run" / "milter.sock", process.pid)
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
        shutil.rmtree(home, ignore_errors=True)


def _log(home: Path) -> str:
    return "".join(file.read_text(errors="replace") for file in sorted((home / "log").glob("*.log")))
