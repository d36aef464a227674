"""Sends the sample mail and texts at a pace that can be followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import aiosmtplib
import httpx

from gateway.demo.phones import SampleText, SimulatedPhones
from gateway.demo.tracked_message import VERDICT_WAIT, TrackedMessage
from gateway.demo.tracker import MessageTracker
from gateway.demo.traffic import SampleMail, send


async def send_samples(
    samples: Sequence[SampleMail],
    smtp: str,
    tracker: MessageTracker,
    clock: Callable[[], datetime],
    pauses: Iterable[float],
) -> None:
    """Send the sample mail one by one: each once the one before was shown and its pause is over."""
    loop = asyncio.get_running_loop()
    for sample, pause in zip(samples, pauses, strict=False):
        started = loop.time()
        message = tracker.announce(sample)
        try:
            await send(sample, smtp, clock())
        except (aiosmtplib.SMTPException, OSError) as error:
            message.refusal = str(error) or type(error).__name__
        await tracker.wait_shown(message, VERDICT_WAIT + 1)
        await asyncio.sleep(max(0.0, started + pause - loop.time()))


async def send_sample_texts(
    texts: Sequence[SampleText], phones: SimulatedPhones, gateway: str, tracker: MessageTracker, pause: float = 7.0
) -> None:
    """Send the sample texts one by one, between the mail."""
    for text in texts:
        await asyncio.sleep(pause)
        message = tracker.announce_text(text)

        def set_id(provider_id: str, message: TrackedMessage = message) -> None:
            message.message_id = provider_id

        try:
            await phones.send(text, gateway, set_id)
        except (httpx.HTTPError, OSError) as error:
            message.refusal = str(error) or type(error).__name__
        await tracker.wait_shown(message, VERDICT_WAIT + 1)
