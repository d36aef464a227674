"""The journal of a SQLite store: an outcome that a killed process had no time to record is known to the next one."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, Outcome, Sent, State
from gateway.core.messages.message import Message
from gateway.store import open_store
from gateway.store.messages.delivery_journal import MAX_BYTES, MAX_OPEN, DeliveryJournal
from tests.contracts.messages import NOON, STUDENTS, Clock, all_sent, mail

OTHER = "x@students.example"
PROGRAM = r"""
import asyncio, os, signal, sqlite3, sys
from pathlib import Path
from gateway.store import open_store
from tests.contracts.messages import STUDENTS, all_sent, mail

async def main(file):
    async with open_store(f"sqlite:///{file}", alone=True) as store:
        for sent in (False, True):
            message = mail()
            await store.intake.accept(message, due=[recipient.address for recipient in message.envelope.recipients])
        first, second = await store.delivery_queue.claim(STUDENTS, 2, 60)
        assert await store.delivery_queue.record_outcomes(first, all_sent(first), ())
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # so the transaction of the outcome waits
        recording = asyncio.create_task(store.delivery_queue.record_outcomes(second, all_sent(second), ()))
        await asyncio.sleep(0)
        print(second.message.id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1]))
"""


def claimed(*others: str, message: Message | None = None) -> Claim:
    """A claim of all recipients of a message."""
    message = message or mail(NOON, others=others)
    recipients = enumerate(message.envelope.recipients)
    return Claim(f"{message.id}/1", message, tuple(Claimed(recipient, 0, NOON, at) for at, recipient in recipients))


async def test_outcome_of_a_killed_process_is_known(tmp_path: Path) -> None:
    """The message that was handed over is not due for delivery again: its outcome is recorded."""
    file = tmp_path / "chaperone.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(file),
        cwd=Path(__file__).parents[4], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(100):
        said, errors = await child.communicate()
    assert child.returncode == -signal.SIGKILL, errors.decode()
    id_ = said.decode().strip()
    clock = Clock(4e9)  # every wait of a failed work item is over
    async with open_store(f"sqlite:///{file}", alone=True, clock=clock) as store:
        assert await store.intake.states(id_) == {"s1@students.example": State.QUEUED}
        clock.now += 3600.0
        (claim,) = await store.delivery_queue.claim(STUDENTS, 10, 60)
        assert isinstance(claim, Claim)
        assert claim.message.id == id_
        assert claim.known == {"s1@students.example": Sent("250 2.0.0 Ok")}
        assert await store.delivery_queue.record_outcomes(claim, all_sent(claim), ())
        assert await store.intake.states(id_) == {"s1@students.example": State.SENT}
    async with open_store(f"sqlite:///{file}", alone=True, clock=clock) as store:
        assert await store.delivery_queue.claim(STUDENTS, 10, 60) in ((), [])
        assert (await store.work_failures.stuck_items())["delivery"] == 0


@pytest.mark.parametrize("outcome", [Deferred("450 later"), Bounced("550 no")])
def test_only_what_was_handed_over_is_noted(tmp_path: Path, outcome: Outcome) -> None:
    """A refusal can be had again."""
    journal, claim = DeliveryJournal(tmp_path / "a.db"), claimed()
    with journal.noted(claim, {claim.recipients[0].recipient.address: outcome}):
        assert journal.read() == []
    journal.close()


def test_final_outcomes_of_all_recipients_are_noted(tmp_path: Path) -> None:
    journal, claim = DeliveryJournal(tmp_path / "a.db"), claimed(OTHER, "y@students.example")
    first, second, third = (recipient.recipient.address for recipient in claim.recipients)
    with journal.noted(claim, {first: Deferred("452 too many"), second: Sent("250 ok"), third: Bounced("550 no")}):
        items = DeliveryJournal(tmp_path / "a.db").read()
    assert [(item.id, item.message, item.token) for item in items] == [
        (f"{claim.message.id}/{position}", claim.message.id, claim.token) for position in (1, 2)
    ]
    journal.close()
    assert (tmp_path / "a.db.outcomes").read_bytes() == b""


def test_cut_journal_keeps_what_is_not_recorded(tmp_path: Path) -> None:
    """It stays short, whatever happens to the transactions."""
    journal, message = DeliveryJournal(tmp_path / "a.db"), mail()
    failed = [Claim(f"{message.id}/{number}", message, claimed(message=message).recipients) for number in range(3)]
    for claim in failed:
        with pytest.raises(OSError, match="away"), journal.noted(claim, {"s1@students.example": Sent("250 ok")}):
            raise OSError("away")
    longest = 0
    for _ in range(2 * MAX_BYTES // 50):
        with journal.noted(claimed(message=mail()), {"s1@students.example": Sent("250 ok")}):
            longest = max(longest, (tmp_path / "a.db.outcomes").stat().st_size)
    assert MAX_BYTES <= longest < MAX_BYTES + 1000
    journal.close()
    assert [item.token for item in journal.read()] == [claim.token for claim in failed]


def test_cut_journal_forgets_the_oldest(tmp_path: Path) -> None:
    journal, message = DeliveryJournal(tmp_path / "a.db"), mail()
    tokens = [f"{message.id}/{number}" for number in range(MAX_OPEN + 5)]
    for token in tokens:
        claim = Claim(token, message, claimed(message=message).recipients)
        with pytest.raises(OSError, match="away"), journal.noted(claim, {"s1@students.example": Sent("250 ok")}):
            raise OSError("away")
    journal.close()
    assert [item.token for item in journal.read()] == tokens[-MAX_OPEN:]


def test_line_that_was_cut_short_spoils_no_other(tmp_path: Path) -> None:
    journal, claim = DeliveryJournal(tmp_path / "a.db"), claimed()
    (tmp_path / "a.db.outcomes").write_bytes(b'\n[0, "id/1", "[\\"se\n{}\n[1]\nnull\n["x", 1, 2]\n\xff\n[0, "i')
    with journal.noted(claim, {"s1@students.example": Sent("250 ok")}):
        assert [item.token for item in journal.read()] == [claim.token]
    journal.close()


def test_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """The transaction counts. A store that cannot be written says so there."""
    journal, claim = DeliveryJournal(tmp_path / "absent" / "a.db"), claimed()
    with journal.noted(claim, {"s1@students.example": Sent("250 ok")}):
        assert journal.read() == []
    journal.close()
