"""`chaperone model`: a retrained model beside the one in force, in shadow, and in its place when nothing gets worse."""

from __future__ import annotations

import asyncio
import shutil
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.assembly.factories import load_policy, open_store
from gateway.commands.context import actor, roster_of, settings_of
from gateway.core.fault import Fault, Refusal
from gateway.core.messages.media import unfetched
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import MessageDetail
from gateway.settings.model import Settings

if TYPE_CHECKING:
    from classifiers.pipeline.pipeline import Classifier

_BATCH = 64
_SHOWN = 50


def run(given: Namespace) -> int:
    """Shadow or promote."""
    settings = settings_of(given)
    if given.deed == "shadow":
        return asyncio.run(_shadow(settings, given.candidate))
    return _promote(settings, given.candidate, given.examples)


def _loaded(folder: Path) -> Classifier:
    from classifiers.pipeline.model_files import ModelError
    from classifiers.pipeline.pipeline import load

    try:
        return load(str(folder) if folder != Path() else "")
    except ModelError as error:
        raise Fault(f"model: {error}") from None


async def _shadow(settings: Settings, folder: Path) -> int:
    """Messages that the store still has, read by the candidate: what it would decide, beside what was decided.

    They are read as they were when they came: with their pictures and files, and with what was said before them. Who
    may have what is told of whom is asked of the directory as it is now.
    """
    from classifiers.pipeline.entity_resolution import settled
    from classifiers.pipeline.explain import Case, decision_of
    from classifiers.pipeline.job import job_of

    classifier, policy, roster = _loaded(folder), load_policy(settings), roster_of(settings)
    turned: Counter[tuple[str, str]] = Counter()
    shown: list[tuple[str, str, str]] = []
    after = ""
    async with open_store(settings) as store:
        while ids := await store.classified(after, _BATCH):
            found = []
            for id_ in ids:
                each, outgoing = await store.explained(id_), await store.outgoing(id_)
                if each is not None and outgoing is not None and _readable(each):
                    found.append((each, job_of(outgoing, each.media)))
            read = classifier.classify([job for _, job in found])
            for (each, job), verdict in zip(found, read, strict=True):
                assert each.verdict is not None
                case = Case(each.trace.id, each.channel, Direction(each.trace.direction), each.content, pairs=job.pairs)
                lacking = unfetched(each.media, len(each.media))
                whole = replace(
                    settled(verdict, job.pairs, roster), failed=tuple(dict.fromkeys((*verdict.failed, *lacking)))
                )
                then, now = (decision_of(case, said, policy, roster).action for said in (each.verdict, whole))
                turned[then, now] += 1
                if then is not now:
                    shown.append((case.id, then, now))
            after = ids[-1]
        await store.record(
            [
                AuditEntry(
                    await store.now(), actor(), "model in shadow", classifier.version, {"messages": turned.total()}
                )
            ]
        )
    print(f"model {classifier.version} on {turned.total()} messages of the store, by the policy in force:")
    for (before, after_it), count in sorted(turned.items()):
        print(f"{before:8} -> {after_it:8} {count:7}")
    for id_, before, after_it in shown[:_SHOWN]:
        print(f"{id_}  {before} -> {after_it}")
    return 0


def _readable(each: MessageDetail) -> bool:
    return bool(each.content) and each.verdict is not None and each.trace.direction != "out_of_scope"


def _promote(settings: Settings, folder: Path, files: list[Path]) -> int:
    """Measure both on the regression set; the candidate takes the place of the model in force if nothing is worse."""
    from classifiers.training.compare import compared
    from classifiers.training.evaluate import unseen
    from classifiers.training.examples import labelled
    from classifiers.training.results import results

    if not settings.classify.model:
        raise Fault("model promote: classify.model is empty; name the folder in which the model in force is to lie")
    place = Path(settings.classify.model)
    candidate = _loaded(folder)
    in_force = _loaded(place if place.exists() else Path())
    try:
        known = unseen(str(folder), str(place) if place.exists() else "")
        examples = [*known, *(each for file in files for each in labelled(file))]
    except (OSError, ValueError, KeyError) as error:
        raise Fault(f"model promote: --examples cannot be read ({type(error).__name__}); rows as exported") from None
    policy = load_policy(settings)
    figures = compared(results(in_force, examples, policy), results(candidate, examples, policy))
    print(f"{in_force.version} in force, {candidate.version} as candidate, {len(examples)} messages")
    for each in figures:
        print(each)
    worse = [each.what for each in figures if each.worse]
    if worse:
        raise Refusal(f"model promote: {candidate.version} stays out, worse in {', '.join(worse)}")
    _put(folder, place)
    asyncio.run(_note(settings, "model promoted", candidate.version))
    print(f"{candidate.version} lies in {place}; classifying processes take it when they start")
    return 0


async def _note(settings: Settings, act: str, version: str) -> None:
    async with open_store(settings) as store:
        await store.record([AuditEntry(await store.now(), actor(), act, version)])


def _put(folder: Path, place: Path) -> None:
    """The candidate at its place, whole or not at all; what was there is kept beside it."""
    fresh, former = place.with_name(place.name + ".new"), place.with_name(place.name + ".former")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh)
    if place.exists():
        shutil.rmtree(former, ignore_errors=True)
        place.rename(former)
    fresh.rename(place)
