"""The lanes of a classifying process, opened together: their workers, and the consumers that run on them.

Messages of staff and messages that students may have written have lanes of their own. First looks have a third one.
Each lane has its own workers, so none waits for another.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Protocol

from classifiers.pipeline.entity_resolution import NameDirectory
from classifiers.service.consumer import Consumer, Lane, StopSignal
from classifiers.service.events import ClassifierEvents
from classifiers.service.first_look import FirstLookLane, LookWorkers, UnansweredMessages
from classifiers.service.pool import ClassifierPool, WordsInForce, no_words
from classifiers.service.reading import staff_lane, student_lane
from classifiers.service.records import AnsweredRecords, JobReader, MediaContents, MessageContents
from classifiers.service.template import WorkerTemplate
from classifiers.service.worker import LOOK, READ_FIRST, SCAN
from gateway.ports.bus import Bus

SELF_TEST = "classifiers.service.self_test:failures"
_LOOK_BATCH_SECONDS, _LOOK_SECONDS = 2.0, 1.0  # of the processor
_STUDENT_SHARE = 4
"""One worker in this many is for students, and at least one. They are in addition to the workers of the settings."""


class _OutboxOfClassifiers(MessageContents, UnansweredMessages, Protocol):
    """The store's outbox, as far as the lanes use it."""


class ClassifierStores(Protocol):
    """The store, as far as the lanes use it: `gateway.ports.store.Store` is one."""

    @property
    def outbox(self) -> _OutboxOfClassifiers: ...
    @property
    def media(self) -> MediaContents: ...


StageOfLane = Callable[[], Coroutine[Any, Any, None]]
OpenedLanes = Callable[[Bus, ClassifierStores, NameDirectory | None, StopSignal], dict[str, StageOfLane]]
"""The stages that consume messages from a bus until stopped, by name."""


async def open_lanes(
    stack: AsyncExitStack, workers: int, model: str, event_log: ClassifierEvents, words: WordsInForce = no_words
) -> OpenedLanes:
    """Load the classifiers of `model` and open the pools of all lanes. Raises Fault if they cannot be loaded."""
    template = await stack.enter_async_context(WorkerTemplate(model, event_log=event_log, canary=SELF_TEST))
    pool = await stack.enter_async_context(ClassifierPool(template, workers, event_log=event_log, words=words))
    students = await stack.enter_async_context(
        ClassifierPool(template, max(1, workers // _STUDENT_SHARE), event_log=event_log, kind=READ_FIRST, words=words)
    )
    limits = {"batch_seconds": _LOOK_BATCH_SECONDS, "message_seconds": _LOOK_SECONDS}
    scans, looks, long_scans, long_looks = [
        await stack.enter_async_context(
            ClassifierPool(template, 1, event_log=event_log, kind=kind, words=words, **limits)
        )
        for kind in (SCAN, LOOK, SCAN, LOOK)
    ]

    def stages(
        bus: Bus, store: ClassifierStores, directory: NameDirectory | None, stop_signal: StopSignal
    ) -> dict[str, StageOfLane]:
        jobs, answered = JobReader(store.outbox, store.media, event_log), AnsweredRecords()
        lanes: dict[str, Lane] = {
            "classification": staff_lane(bus, jobs, pool, event_log, directory),
            "student_classification": student_lane(
                bus, jobs, students, event_log, directory, looks=long_looks, answered=answered
            ),
            "first_looks": FirstLookLane(
                bus,
                jobs,
                store.outbox,
                short=LookWorkers(scans, looks),
                long=LookWorkers(long_scans, long_looks),
                answered=answered,
            ),
        }
        return {name: _stage(Consumer(bus, lane, event_log), stop_signal) for name, lane in lanes.items()}

    return stages


def _stage(consumer: Consumer, stop_signal: StopSignal) -> StageOfLane:
    return lambda: consumer.run(stop_signal)
