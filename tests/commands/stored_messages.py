"""Messages in a store, for tests of commands."""

from __future__ import annotations

from pathlib import Path

from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, Decision
from gateway.store import open_store
from tests.contracts.messages import NOON, TO_STUDENT, becomes, mail

CONTENT = b"Subject: Plan\r\nContent-Type: text/plain\r\n\r\nThe quiz covers chapters three and four.\r\n"


async def decide_two(folder: Path) -> None:
    """Two held messages with verdicts: a person released one and rejected the other."""
    says = Decision(Action.HOLD, TO_STUDENT, "p", ("7a",))
    async with open_store(f"sqlite:///{folder / 'chaperone.db'}") as store:
        for at, state in enumerate((State.QUEUED, State.REJECTED)):
            message = mail(NOON + at, content=CONTENT)
            await store.intake.accept(message)
            verdict = Verdict(message.id, message.sha256, "1", "en")
            await store.dispositions.apply([(message.id, becomes(State.HELD, says, verdict=verdict))])
            await store.dispositions.apply([(message.id, becomes(state, says, by="ann"))])
