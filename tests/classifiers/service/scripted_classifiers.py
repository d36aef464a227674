"""Classifiers that do what the content says: crash, hang, use memory. Workers load them by dotted name."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from classifiers.pipeline.job import Job
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.district_words import DistrictWord


class ScriptedClassifier:
    """`version` is the model. The finding describes the job."""

    def __init__(self, model: str) -> None:
        self.version = model or "double"
        self._eaten: list[bytearray] = []
        self._words = "none"

    def use_words(self, words: Sequence[DistrictWord]) -> None:
        """Shown by the finding on "words"."""
        self._words = " ".join(entry.word for entry in words) or "none"

    def classify(self, jobs: Sequence[Job]) -> list[Verdict]:
        """One verdict per job, unless the content says otherwise."""
        return [self._one(job) for job in jobs]

    def first_look(self, jobs: Sequence[Job]) -> list[Verdict]:
        """A call for help where the content has the word; a look at "crash-look" ends its worker.

        "wait-look" takes 1.5 seconds without the processor, "compute-look" takes the processor for ever.
        """
        if any(b"crash-look" in job.content for job in jobs):
            ctypes.string_at(0)
        if any(b"wait-look" in job.content for job in jobs):
            time.sleep(1.5)
        while any(b"compute-look" in job.content for job in jobs):
            pass
        return [
            Verdict(job.id, job.sha256, self.version, help=float(b"help" in job.content), first_look=True)
            for job in jobs
        ]

    def first_scan(self, jobs: Sequence[Job]) -> list[Verdict]:
        """A look where the content has "please"."""
        unseen = Verdict("", "", self.version)
        return [
            self.first_look([job])[0] if b"please" in job.content else replace(unseen, id=job.id, sha256=job.sha256)
            for job in jobs
        ]

    def _one(self, job: Job) -> Verdict:
        word, _, rest = job.content.decode(errors="replace").partition(" ")
        if word == "crash":
            ctypes.string_at(0)
        if word == "crash-once" and not Path(rest).exists():
            Path(rest).touch()
            os.abort()
        if word == "exit":
            sys.exit(3)
        if word == "raise":
            raise RuntimeError(rest)
        if word == "hang":
            time.sleep(600)
        if word == "sleep":
            time.sleep(float(rest))
        if word == "meet":
            mine, _, theirs = rest.partition(" ")
            Path(mine).touch()
            while not Path(theirs).exists():
                time.sleep(0.01)
        if word == "mark-and-sleep" and not Path(rest).exists():
            Path(rest).touch()
            time.sleep(600)
        if word == "eat":
            self._eaten.append(bytearray(int(rest)))
        if word == "print":
            print(rest, flush=True)
            print(rest, file=sys.stderr, flush=True)
        details = f"{os.getpid()} {job.channel} {job.direction} {job.sender} {len(job.context)} {len(job.pairs)}"
        details = self._words if word == "words" else details
        sha256 = "another" if word == "lie" else job.sha256
        return Verdict(job.id, sha256, self.version, findings=(Finding("9", 0.5, "double", cue=details),), took_ms=1.0)


def load(model: str) -> ScriptedClassifier:
    """The entry point."""
    return ScriptedClassifier(model)


def load_broken(model: str) -> ScriptedClassifier:
    """An entry point whose model cannot be loaded."""
    raise ValueError(f"{model} holds no model; name a folder that does")


def load_killed_once(model: str) -> ScriptedClassifier:
    """An entry point whose process is killed during the first load. `model`: a file that is made then."""
    if not Path(model).exists():
        Path(model).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return ScriptedClassifier("")


def load_environment(model: str) -> ScriptedClassifier:
    """An entry point whose version shows the worker's environment."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "CHAPERONE_BUS__PASSWORD")
    return ScriptedClassifier(" ".join(os.environ.get(name, "-") for name in names))


def failing_self_test(_: ScriptedClassifier) -> tuple[str, ...]:
    """A self-test that fails."""
    return ("canary-1: help at 0.10", "canary-2: not read")


def passing_self_test(_: ScriptedClassifier) -> tuple[str, ...]:
    """A self-test that passes."""
    return ()
