"""The compared chains: what runs between source and sink. Only one chain runs at a time."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.corpus import Mail
from tests.peers import kafka, postfix, postgresql, rspamd
from tests.stories.gateway import gateway_folder


@dataclass(frozen=True, slots=True)
class Mails:
    """The same mails twice: between staff and students, and as other mail."""

    within: Sequence[Mail]
    outside: Sequence[Mail]


@dataclass(frozen=True, slots=True)
class Running:
    """A running chain: its SMTP port, and the root processes of its process trees."""

    port: int
    roots: Callable[[], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain: its name on the command line and in the table, and which mails it gets."""

    name: str
    title: str
    run: Callable[[int], contextlib.AbstractContextManager[Running]]
    missing: Callable[[], str] = str
    outside: bool = False


@contextlib.contextmanager
def _nothing(sink: int) -> Iterator[Running]:
    yield Running(sink, list)


@contextlib.contextmanager
def _postfix(sink: int) -> Iterator[Running]:
    with postfix.running_postfix(f"127.0.0.1:{sink}") as server:
        yield Running(server.port, lambda: [_master(server)])


@contextlib.contextmanager
def _postfix_rspamd(sink: int) -> Iterator[Running]:
    with rspamd.running_rspamd() as scanner:
        milter = {"smtpd_milters": scanner.milter, "milter_default_action": "tempfail"}
        with postfix.running_postfix(f"127.0.0.1:{sink}", parameters=milter) as server:
            yield Running(server.port, lambda: [_master(server), scanner.pid])


def _master(server: postfix.Postfix) -> int:
    return int((server.home / "queue" / "pid" / "master.pid").read_text())


@contextlib.contextmanager
def _chaperone(
    sink: int, *settings: str, bus: str = "local:", store: str = "", more: Sequence[int] = ()
) -> Iterator[Running]:
    with (
        tempfile.TemporaryDirectory(prefix="chaperone-bench-") as folder,
        gateway_folder(Path(folder), f"127.0.0.1:{sink}", bus=bus, store=store, settings=settings) as made,
    ):
        serving = made.start()
        yield Running(made.smtp, lambda: [serving.popen.pid, *more])


def _embedded(workers: int) -> Callable[[int], contextlib.AbstractContextManager[Running]]:
    return lambda sink: _chaperone(sink, f"smtp.workers = {workers}")


@contextlib.contextmanager
def _kafka_postgresql(sink: int) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="chaperone-bench-") as folder:
        for name in ("kafka", "postgresql"):
            (Path(folder) / name).mkdir()
        Path(folder).chmod(0o755)
        with (
            postgresql.running_postgresql(Path(folder) / "postgresql") as database,
            kafka.running_kafka(Path(folder) / "kafka") as broker,
        ):
            servers = [*database.processes()[:1], broker.pid]
            bus = f"kafka://{broker.bootstrap}"
            with _chaperone(sink, bus=bus, store=database.database(), more=servers) as running:
                yield running


CHAINS = (
    Chain("ceiling", "source to sink", _nothing),
    Chain("postfix", "Postfix", _postfix, postfix.missing),
    Chain("rspamd", "Postfix + rspamd", _postfix_rspamd, lambda: postfix.missing() or rspamd.missing()),
    Chain("pass", "Chaperone, passed through", _embedded(1), outside=True),
    Chain("pass2", "Chaperone, passed through, 2 workers", _embedded(2), outside=True),
    Chain("scope", "Chaperone, in scope", _embedded(1)),
    Chain("scope2", "Chaperone, in scope, 2 workers", _embedded(2)),
    Chain(
        "kafka",
        "Chaperone, in scope, Kafka + PostgreSQL",
        _kafka_postgresql,
        lambda: kafka.missing() or postgresql.missing(),
    ),
)
DEFAULT = ("ceiling", "postfix", "rspamd", "pass", "pass2", "scope")
