"""Messages that shadow mode delivered, and a random sample of clean ones."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.messages.message import Message
from gateway.core.policy.decision import PendingMessage, Transition
from gateway.core.policy.review_rules import Sampling
from gateway.core.policy.transitions import by_verdict
from tests.console.district import MESSAGES, build_message, build_verdict, policy
from tests.console.running_console import RunningConsole


async def add_in_shadow_mode(console: RunningConsole, name: str, subject: str = "", at: float | None = None) -> Message:
    """Add a message of the district, decided in shadow mode; if it is clean, it is in the sample."""
    in_force, now = policy(), console.clock() if at is None else at
    in_force = replace(in_force, review=replace(in_force.review, sampling=Sampling(True, 1)))
    sample = MESSAGES[name] if not subject else replace(MESSAGES[name], subject=subject)
    message = build_message(sample, now, console.people)
    await console.store.intake.accept(message, [])
    verdict = build_verdict(sample, message)

    def rule(pending: PendingMessage) -> Transition:
        return by_verdict(pending, verdict, in_force, now, True, sampling_key=b"a key")

    await console.store.dispositions.apply([(message.id, rule)])
    return message
