"""The story: follows every message that comes to the gateway, and has it told once its outcome is known.

Our own samples are announced; anybody else's mail is noticed when it arrives in a mailbox or is held. Held messages
are followed until somebody decides, in the console or from another terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import aiosmtplib
import httpx

from gateway.core.messages.delivery import State
from gateway.demo.mailbox import Arrival
from gateway.demo.phones import Phones, Text, short
from gateway.demo.scene import PATIENCE, Kind, Scene, Tally, Turn, ready, turns
from gateway.demo.traffic import Sample, send
from gateway.demo.window import Window
from gateway.ports.messages import StoreDown

_BUSY = 0.1
_IDLE = 1.0


class Teller(Protocol):
    """Who shows it: the screen."""

    def tell(self, scene: Scene, kind: Kind) -> None:
        """Show a message with its outcome."""

    def go_on(self, scene: Scene, turn: Turn, recipients: Sequence[str], at: datetime) -> None:
        """Show what became of a message that was shown before."""

    def count(self, tally: Tally) -> None:
        """Show how many there were."""


class Story:
    """All scenes that are not over. `notices` is the address that the gateway's own messages are written from."""

    def __init__(self, window: Window, teller: Teller, clock: Callable[[], datetime], notices: str) -> None:
        self._window, self._teller, self._clock, self._notices = window, teller, clock, notices
        self._scenes: list[Scene] = []
        self._stirred = asyncio.Event()
        self._told = asyncio.Condition()
        self._held: frozenset[str] = frozenset()
        self._held_at = float("-inf")
        self.tally = Tally()

    async def begin(self) -> None:
        """Take note of what an earlier run left held: it is followed, and told when somebody decides."""
        with suppress(StoreDown):
            await self._look_at_held()
            for scene in self._scenes:
                scene.tell(Kind.HELD)
            self.tally.held_before = len(self._scenes)
            self._teller.count(self.tally)

    def announce(self, sample: Sample) -> Scene:
        """Follow a sample from before it is sent."""
        return self._add(
            Scene(
                self._clock(), _now(), message_id=sample.message_id, sender=sample.sender,
                recipients=sample.recipients, subject=sample.subject, note=sample.note, sample=True,
            )
        )  # fmt: skip

    def follow(self, text: Text) -> Scene:
        """Follow a sample text from before it is sent."""
        return self._add(
            Scene(
                self._clock(), _now(), sender=text.sender, recipients=(text.recipient,), subject=short(text.text),
                note=f"text: {text.note}", sample=True,
            )
        )  # fmt: skip

    def arrived(self, arrival: Arrival) -> None:
        """A copy came out into a mailbox."""
        scene = self._find(arrival.message_id, arrival.gateway_id)
        if scene is None:
            scene = self._add(Scene(self._clock(), _now(), message_id=arrival.message_id))
            scene.notice = arrival.author == self._notices and not arrival.sender
        scene.arrive(arrival, _now())
        self._stirred.set()

    async def told(self, scene: Scene, within: float) -> None:
        """Wait until a message was told, at most `within` seconds."""
        self._stirred.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._told:
                await self._told.wait_for(lambda: scene.told is not None)

    async def run(self) -> None:
        """Look and tell until cancelled."""
        while True:
            with suppress(StoreDown):  # the gateway's log says so; here the next look tries again
                await self._look()
            async with self._told:
                self._told.notify_all()
            busy = any(scene.told is not Kind.HELD or State.QUEUED in scene.states.values() for scene in self._scenes)
            with suppress(TimeoutError):
                async with asyncio.timeout(_BUSY if busy else _IDLE):
                    await self._stirred.wait()
            self._stirred.clear()

    async def _look(self) -> None:
        await self._look_at_held()
        for scene in list(self._scenes):
            if self._may_have_changed(scene):
                outcome = await self._window.outcome(id=scene.id, message_id=scene.message_id)
                if outcome is not None:
                    scene.see(outcome)
            self._tell(scene)
        self._scenes = [scene for scene in self._scenes if not scene.over]

    def _may_have_changed(self, scene: Scene) -> bool:
        if scene.notice:
            return False
        untouched = scene.told is Kind.HELD and scene.id in self._held and State.QUEUED not in scene.states.values()
        # a copy for a held recipient says that it was released, even while others of the message stay held
        held = [address for address, state in scene.states.items() if state is State.HELD]
        return not untouched or bool(held and scene.copies(*held))

    async def _look_at_held(self) -> None:
        """Look once a second at what is held; what nobody announced is followed from here on."""
        if _now() - self._held_at < _IDLE:
            return
        held = frozenset(await self._window.held())
        for id in sorted(held - self._held):
            outcome = None if self._find("", id) else await self._window.outcome(id=id)
            if outcome is not None:
                scene = self._find(outcome.message_id, id) or self._add(Scene(self._clock(), _now()))
                scene.see(outcome)
        self._held, self._held_at = held, _now()

    def _tell(self, scene: Scene) -> None:
        if scene.told in (None, Kind.WAITING):
            kind = ready(scene, _now())
            if kind is None:
                return
            self._teller.tell(scene, kind)
            self.tally.count(kind, scene.told)
            scene.tell(kind)
        else:
            news = turns(scene)
            if not news:
                return
            for turn, recipients in news.items():
                self._teller.go_on(scene, turn, recipients, self._clock())
                self.tally.let_go += turn is Turn.LET_GO
                self.tally.turned_down += turn is Turn.TURNED_DOWN
            scene.tell(scene.told)
        self._teller.count(self.tally)

    def _add(self, scene: Scene) -> Scene:
        self._scenes.append(scene)
        self._stirred.set()
        return scene

    def _find(self, message_id: str, id: str) -> Scene | None:
        for scene in self._scenes:
            if (id and scene.id == id) or (message_id and scene.message_id == message_id):
                return scene
        return None


async def play_texts(texts: Sequence[Text], phones: Phones, gateway: str, story: Story, pause: float = 7.0) -> None:
    """Send the sample texts one after the other, among the mail."""
    for text in texts:
        await asyncio.sleep(pause)
        scene = story.follow(text)

        def known(mark: str, scene: Scene = scene) -> None:
            scene.message_id = mark

        try:
            await phones.send(text, gateway, known)
        except (httpx.HTTPError, OSError) as error:
            scene.refusal = str(error) or type(error).__name__
        await story.told(scene, PATIENCE + 1)


async def play(
    samples: Sequence[Sample], smtp: str, story: Story, clock: Callable[[], datetime], pauses: Iterable[float]
) -> None:
    """Send the samples one after the other, each once the one before was told and its pause is over."""
    for sample, pause in zip(samples, pauses, strict=False):
        started = _now()
        scene = story.announce(sample)
        try:
            await send(sample, smtp, clock())
        except (aiosmtplib.SMTPException, OSError) as error:
            scene.refusal = str(error) or type(error).__name__
        await story.told(scene, PATIENCE + 1)
        await asyncio.sleep(max(0.0, started + pause - _now()))


def _now() -> float:
    return asyncio.get_running_loop().time()
