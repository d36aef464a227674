"""`chaperone model`: compares a retrained model with the model in force, and installs it if nothing gets worse."""

from __future__ import annotations

import asyncio
import shutil
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.assembly.factories import load_policy, open_store
from gateway.commands.context import actor, load_roster, load_settings
from gateway.core.fault import Fault, Refusal
from gateway.core.messages.media import media_failures
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import MessageDetail
from gateway.settings.model import Settings

if TYPE_CHECKING:
    from classifiers.pipeline.classifier import Classifier

_BATCH = 64
_SHOWN = 50


def run(options: Namespace) -> int:
    """Compare with stored messages, or promote."""
    settings = load_settings(options)
    if options.action == "shadow":
        return asyncio.run(_shadow(settings, options.candidate))
    return _promote(settings, options.candidate, options.examples, options.corpus)


def _load(folder: Path) -> Classifier:
    from classifiers.pipeline.classifier import load
    from classifiers.pipeline.model_files import ModelError

    try:
        return load(str(folder) if folder != Path() else "")
    except ModelError as error:
        raise Fault(f"model: {error}") from None


async def _shadow(settings: Settings, folder: Path) -> int:
    """Classify stored messages with the candidate and compare its decisions with those of the recorded verdicts.

    Messages are read as they were when they came: with their media and the earlier messages of the conversation. The
    directory is the present one.
    """
    from classifiers.pipeline.entity_resolution import resolve_people
    from classifiers.pipeline.explain import StandaloneMessage, decide_message
    from classifiers.pipeline.job import job_from_stored

    classifier, policy, roster = _load(folder), load_policy(settings), load_roster(settings)
    changes: Counter[tuple[str, str]] = Counter()
    shown: list[tuple[str, str, str]] = []
    after = ""
    async with open_store(settings) as store:
        while ids := await store.lookups.classified_ids(after, _BATCH):
            found = []
            for id_ in ids:
                detail, outgoing = await store.lookups.detail(id_), await store.outbox.outgoing(id_)
                if detail is not None and outgoing is not None and _readable(detail):
                    found.append((detail, job_from_stored(outgoing, detail.media)))
            read = classifier.classify([job for _, job in found])
            for (detail, job), verdict in zip(found, read, strict=True):
                assert detail.verdict is not None
                case = StandaloneMessage(
                    detail.trace.id, detail.channel, Direction(detail.trace.direction), detail.content, pairs=job.pairs
                )
                missing_media = media_failures(detail.media, len(detail.media))
                whole = replace(
                    resolve_people(verdict, job.pairs, roster),
                    failed=tuple(dict.fromkeys((*verdict.failed, *missing_media))),
                )
                then, now = (decide_message(case, said, policy, roster).action for said in (detail.verdict, whole))
                changes[then, now] += 1
                if then is not now:
                    shown.append((case.id, then, now))
            after = ids[-1]
        counted = {"messages": changes.total()}
        entry = AuditEntry(await store.clock.now(), actor(), "model in shadow", classifier.version, counted)
        await store.audit.record([entry])
    print(f"model {classifier.version} on {changes.total()} messages of the store, under the policy in force:")
    for (before, after_it), count in sorted(changes.items()):
        print(f"{before:8} -> {after_it:8} {count:7}")
    for id_, before, after_it in shown[:_SHOWN]:
        print(f"{id_}  {before} -> {after_it}")
    return 0


def _readable(detail: MessageDetail) -> bool:
    return bool(detail.content) and detail.verdict is not None and detail.trace.direction != "out_of_scope"


def _promote(settings: Settings, folder: Path, files: list[Path], corpus: Path | None) -> int:
    """Measure both models on the regression set; install the candidate if nothing is worse."""
    from classifiers.training.evaluation.comparison import compare
    from classifiers.training.evaluation.report import unseen_examples
    from classifiers.training.evaluation.results import classify_examples
    from classifiers.training.examples.labeled import CORPUS, read_examples

    if not settings.classify.model:
        raise Fault("model promote: classify.model is empty; set it to the folder for the model in force")
    target = Path(settings.classify.model)
    candidate = _load(folder)
    in_force = _load(target if target.exists() else Path())
    try:
        known = unseen_examples(str(folder), str(target) if target.exists() else "", corpus=corpus or CORPUS)
        examples = [*known, *(example for file in files for example in read_examples(file))]
    except (OSError, ValueError, KeyError) as error:
        raise Fault(
            f"model promote: --examples cannot be read ({type(error).__name__}); use the output of `feedback export`"
        ) from None
    policy = load_policy(settings)
    figures = compare(classify_examples(in_force, examples, policy), classify_examples(candidate, examples, policy))
    print(f"{in_force.version} in force, {candidate.version} as candidate, {len(examples)} messages")
    for figure in figures:
        print(figure)
    worse = [figure.name for figure in figures if figure.is_worse]
    if worse:
        raise Refusal(f"model promote: {candidate.version} is not installed; it is worse in {', '.join(worse)}")
    _install(folder, target)
    asyncio.run(_record(settings, "model promoted", candidate.version))
    print(f"{candidate.version} is installed in {target}; restart the role classify to use it")
    return 0


async def _record(settings: Settings, act: str, version: str) -> None:
    async with open_store(settings) as store:
        await store.audit.record([AuditEntry(await store.clock.now(), actor(), act, version)])


def _install(folder: Path, target: Path) -> None:
    """Copy the candidate to the target and rename it into place; the former model is kept beside it."""
    fresh, former = target.with_name(target.name + ".new"), target.with_name(target.name + ".former")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh)
    if target.exists():
        shutil.rmtree(former, ignore_errors=True)
        target.rename(former)
    fresh.rename(target)
