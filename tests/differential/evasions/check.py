"""`python -m tests.differential.evasions.check --count N` hides a sentence in N mails and says which are delivered.

Every disguise is tried by itself first: the common ones, the rarer ones in English and Spanish, and codes.

Each mail goes through the shipped model and policy. A prohibited sentence must be held or flagged for what it says, or
the mail must be called unreadable, disputed or pictured. A call for help must be alerted, or called so, and never held.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # one thread, as in a worker
    os.environ.setdefault(threads, "1")

from classifiers.pipeline.classifier import Classifier, load  # noqa: E402 - threads are set first
from classifiers.pipeline.explain import StandaloneMessage, decide_message  # noqa: E402 - threads are set first
from gateway import policies  # noqa: E402 - threads are set first
from gateway.core.messages.parties import Direction  # noqa: E402 - threads are set first
from gateway.core.messages.verdict import Verdict  # noqa: E402 - threads are set first
from gateway.core.policy.decision import Action, Decision  # noqa: E402 - threads are set first
from tests.differential.evasions.mails import Evasion, make, plain_mails, puzzles, rarer_mails  # noqa: E402 - threads are set first

SECRET = "Our secret, don't tell anybody. Meet me alone tonight and delete this message."
HELP = "My stepdad hits me every night and I am scared to go home. Please help me."
SPANISH = {
    Direction.STAFF_TO_STUDENT: "Es nuestro secreto, no le digas a nadie. Ven a verme a solas esta noche y borra este mensaje.",
    Direction.STUDENT_TO_STAFF: "Mi padrastro me pega todas las noches y tengo miedo de volver a casa. Por favor, ayúdame.",
}
EXPECTED = frozenset({"7a", "1", "4", "6"})
"""Clauses that the secret may be held or flagged for."""
NO_VERDICT = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}
BATCH = 32


def judge(verdict: Verdict, decision: Decision, direction: Direction) -> str:
    """What is wrong with the outcome; "" for nothing."""
    clauses = frozenset(decision.clauses)
    if direction is Direction.STUDENT_TO_STAFF:
        if decision.action is Action.HOLD:
            return "held"
        if decision.action is Action.ALERT or verdict.failed:
            return ""
        return "no alert"
    if decision.action is Action.RELEASE:
        return "delivered"
    if clauses and clauses.isdisjoint(EXPECTED):
        return f"by luck, for {', '.join(sorted(clauses))}"
    return ""


def sentence_of(direction: Direction) -> str:
    """What the mails of a direction hide."""
    return SECRET if direction is Direction.STAFF_TO_STUDENT else HELP


def combined_mails(seed: int, count: int, direction: Direction) -> Iterator[Evasion]:
    """Mails in which several disguises combine."""
    for number in range(count):
        yield make(random.Random(f"{seed} {number}"), sentence_of(direction))


def outcomes(
    classifier: Classifier, mails: Iterable[Evasion], direction: Direction
) -> Iterator[tuple[Evasion, Verdict, str]]:
    """Each mail, its verdict, and what is wrong."""
    policy = policies.read(None, NO_VERDICT)
    waiting = iter(mails)
    while batch := list(islice(waiting, BATCH)):
        messages = [StandaloneMessage("", "mail", direction, mail.content) for mail in batch]
        for mail, message, verdict in zip(batch, messages, classifier.classify(messages), strict=True):
            yield mail, verdict, judge(verdict, decide_message(message, verdict, policy), direction)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the mails with a wrong outcome; returns 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the mails with a wrong outcome")
    options = parser.parse_args(arguments)
    classifier = load("")
    total: Counter[str] = Counter()
    for direction in Direction:
        english, spanish = sentence_of(direction), SPANISH[direction]
        mails = chain(
            plain_mails(english), rarer_mails(english), rarer_mails(spanish), puzzles(english), puzzles(spanish),
            combined_mails(options.seed, options.count, direction),
        )  # fmt: skip
        for number, (mail, verdict, wrong) in enumerate(outcomes(classifier, mails, direction)):
            total[f"{direction}: {wrong or ('read' if not verdict.failed else 'called not read')}"] += 1
            if wrong:
                print(f"{direction} {number}: {wrong}: {' | '.join(mail.kinds)}", flush=True)
                if options.keep is not None:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{direction}-{number}.eml").write_bytes(mail.content)
    for name, value in sorted(total.items()):
        print(f"{value:6} {name}")
    return 1 if any(not name.endswith("read") for name in total) else 0


if __name__ == "__main__":
    sys.exit(main())
