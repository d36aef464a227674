"""An Apache Kafka broker: one KRaft node in its own folder on free ports, stopped by its process id."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.ports import free_port

HOME = Path(__file__).parents[2] / "deploy" / "kafka"
LIBS = HOME / "libs"
USER, PASSWORD = "chaperone", "a district's secret"

_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_FETCH = ("mvn", "-B", "-q", "-f", str(HOME / "pom.xml"), "process-resources")
_READY_WITHIN = 120.0


def missing() -> str:
    """What is missing to run a broker and how to install it; "" if nothing is, or if Maven can fetch it."""
    for command in ("java", "keytool"):
        if shutil.which(command) is None:
            return f"{command} is not installed (the package default-jre-headless)"
    if not _fetched() and shutil.which("mvn") is None:
        return "the jars of Apache Kafka are not in deploy/kafka/libs (install the package maven, then `make kafka`)"
    return ""


def _fetched() -> bool:
    return any(LIBS.glob("kafka_2.13-*.jar"))


@dataclass(slots=True)
class KafkaServer:
    """A broker that can be stopped and restarted with the same data and ports.

    `bootstrap` is plaintext. `secure` requires SASL SCRAM-SHA-512 over TLS as USER with PASSWORD; `ca` is the
    certificate to trust.
    """

    folder: Path
    bootstrap: str
    secure: str
    ca: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The broker's process id; 0 while it is stopped."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start the broker and wait until both listeners answer."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                _java("kafka.Kafka", str(self.folder / "server.properties"), heap="512m"),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
            )  # fmt: skip
        end = time.monotonic() + _READY_WITHIN
        while not all(map(_answers, (self.bootstrap, self.secure))):
            if self._process.poll() is not None or time.monotonic() > end:
                log_end = (self.folder / "server.log").read_text(errors="replace")[-2000:]
                self.kill()
                raise RuntimeError(f"the broker did not start: {log_end}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the broker with SIGTERM."""
        self._end(kill=False)

    def kill(self) -> None:
        """Kill the broker, as a power cut would."""
        self._end(kill=True)

    def empty(self) -> None:
        """Stop the broker, and start it without any topic, record or committed offset."""
        self.stop()
        shutil.rmtree(self.folder / "data")
        _format(self.folder)
        self.start()

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if not kill:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        if process.poll() is None:
            process.kill()
        process.wait(30)


@contextlib.contextmanager
def running_kafka(folder: Path, advertised: str = "") -> Iterator[KafkaServer]:
    """A new broker with its data in `folder`. `advertised`: the HOST:PORT that clients of `bootstrap` are sent to."""
    if not _fetched():
        subprocess.run(_FETCH, check=True, timeout=600)
    broker, controller, secure = (free_port() for _ in range(3))
    ca = _certificate(folder)
    _write_properties(
        folder, broker=broker, controller=controller, secure=secure, advertised=advertised or f"127.0.0.1:{broker}"
    )
    _format(folder)
    server = KafkaServer(folder, f"127.0.0.1:{broker}", f"127.0.0.1:{secure}", ca)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _format(folder: Path) -> None:
    """Prepare an empty data folder."""
    cluster = "c" + base64.urlsafe_b64encode(os.urandom(16)).decode()[1:22]  # a leading "-" would be read as an option
    subprocess.run(
        _java(
            "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", "server.properties",
            "--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]", heap="128m",
        ),
        check=True, cwd=folder, timeout=120, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _java(*arguments: str, heap: str) -> list[str]:
    log = f"-Dlog4j2.configurationFile={HOME / 'log4j2.properties'}"
    return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", log, "-cp", f"{LIBS}/*", *arguments]


def _write_properties(folder: Path, *, broker: int, controller: int, secure: int, advertised: str) -> None:
    """The shipped single-node settings with other ports and folder, a SASL listener over TLS, and short timeouts."""
    address = "127.0.0.1"
    overrides = {
        "controller.quorum.bootstrap.servers": f"{address}:{controller}",
        "listeners": f"PLAINTEXT://{address}:{broker},CONTROLLER://{address}:{controller},SASL_SSL://{address}:{secure}",
        "advertised.listeners": f"PLAINTEXT://{advertised},SASL_SSL://{address}:{secure}",
        "log.dirs": str(folder / "data"),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;",
        "ssl.keystore.location": str(folder / "broker.p12"),
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.password": PASSWORD,
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.num.partitions": "1",
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "2000",
    }
    shipped = (HOME / "server.properties").read_text().splitlines()
    lines = [line for line in shipped if line.partition("=")[0] not in overrides]
    lines += [f"{key}={value}" for key, value in overrides.items()]
    (folder / "server.properties").write_text("\n".join(lines) + "\n")


def _certificate(folder: Path) -> Path:
    """Make a key with a self-signed certificate for loopback; returns the certificate as PEM."""
    store = ("-keystore", "broker.p12", "-storetype", "PKCS12", "-storepass", PASSWORD, "-alias", "broker")
    subject = ("-dname", "CN=localhost", "-ext", "SAN=ip:127.0.0.1,dns:localhost", "-ext", "bc:c=ca:true")
    subprocess.run(
        ["keytool", "-genkeypair", *store, "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30", *subject],
        check=True, cwd=folder, timeout=60, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        ["keytool", "-exportcert", "-rfc", *store, "-file", "broker.pem"],
        check=True, cwd=folder, timeout=60, capture_output=True,
    )  # fmt: skip
    return folder / "broker.pem"


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False
