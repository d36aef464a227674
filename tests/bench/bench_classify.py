"""The classifiers measured: cost by length of message, memory, start; python -m tests.bench.bench_classify."""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"):  # one core, as in a worker
    os.environ.setdefault(threads, "1")

from classifiers.components.encoder import EncoderComponent, OnnxEncoder  # noqa: E402 - after the number of threads is set
from classifiers.features.annotations import Floats, TextAnnotations  # noqa: E402 - after the number of threads is set
from classifiers.pipeline.classifier import Classifier, load  # noqa: E402 - after the number of threads is set
from classifiers.pipeline.explain import StandaloneMessage  # noqa: E402 - after the number of threads is set
from classifiers.training.examples.labeled import Example, load_corpus  # noqa: E402 - after the number of threads is set
from gateway.core.messages.parties import Direction  # noqa: E402 - after the number of threads is set
from tests.bench.corpus import STAFF, STUDENT, in_scope  # noqa: E402 - after the number of threads is set

BATCH = 16


def letter(example: Example) -> StandaloneMessage:
    """An example as mail really is: half of them with an HTML alternative."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "Teacher <teacher@riverbend.example>", "student@students.riverbend.example"
    message["Subject"] = example.subject or "Hello"
    message.set_content(example.text)
    if len(example.text) % 2:
        paragraphs = "".join(f"<p style='margin:0'>{line}</p>" for line in example.text.splitlines())
        message.add_alternative(f"<html><body>{paragraphs}</body></html>", "html")
    return StandaloneMessage(example.id, "mail", Direction.STAFF_TO_STUDENT, message.as_bytes())


def milliseconds(classifier: Classifier, cases: list[StandaloneMessage]) -> list[float]:
    """CPU milliseconds a message, batch by batch."""
    costs = []
    for at in range(0, len(cases), BATCH):
        batch = cases[at : at + BATCH]
        began = time.process_time()
        classifier.classify(batch)
        costs += [(time.process_time() - began) * 1000 / len(batch)] * len(batch)
    return costs


def cost(classifier: Classifier, count: int) -> Iterator[str]:
    """The cost over ordinary messages of the corpus, by length."""
    examples = [each for each in load_corpus() if not each.labels]
    random.Random(7).shuffle(examples)
    for name, least, most in (("up to 30 words", 0, 30), ("60 to 100 words", 60, 100), ("over 150 words", 150, 9999)):
        chosen = [each for each in examples if least <= len(each.text.split()) <= most][:count]
        costs = milliseconds(classifier, [letter(each) for each in chosen])
        words = statistics.mean(len(each.text.split()) for each in chosen)
        yield f"{name:16} {len(chosen):5} messages, {words:4.0f} words: {statistics.mean(costs):.2f} ms of CPU each"


def ordinary(classifier: Classifier) -> Iterator[str]:
    """The mean cost over the mails of `make bench`, and the share of them that each encoder reads."""
    directions = {STAFF: Direction.STAFF_TO_STUDENT, STUDENT: Direction.STUDENT_TO_STAFF}
    cases = [
        StandaloneMessage(str(number), "mail", directions[mail.author], mail.content)
        for number, mail in enumerate(in_scope())
    ]
    yield f"mails of make bench: {statistics.mean(milliseconds(classifier, cases)):.2f} ms of CPU in the mean"
    encoding = classifier.nlp.get_pipe("chaperone_encoder")
    assert isinstance(encoding, EncoderComponent)
    counted = [_Counted(each.reader) for each in encoding.stages]
    encoding.stages = [replace(each, reader=one) for each, one in zip(encoding.stages, counted, strict=True)]
    reached = Counter[int]()
    for case in cases:
        before = [each.asked for each in counted]
        classifier.classify([case])
        reached.update(number for number, each in enumerate(counted) if each.asked > before[number])
    for number in range(len(counted)):
        yield f"of them read by encoder {number + 1}: {reached[number] / len(cases):.1%}"


class _Counted(OnnxEncoder):
    """A reader that counts how often it was asked."""

    def __init__(self, reader: OnnxEncoder) -> None:
        self.__dict__.update(reader.__dict__)
        self.asked = 0

    def read(self, noted: TextAnnotations, runs: Sequence[tuple[int, int]]) -> Floats:
        self.asked += 1
        return super().read(noted, runs)


def memory(classifier: Classifier, count: int) -> Iterator[str]:
    """How far memory grows over messages of random words, tenth by tenth: they must not settle in the vocabulary."""
    draw = random.Random(7)
    yield f"messages of random words, MB before: {resident():.0f}"
    for tenth in range(1, 11):
        for _ in range(count // 10 // BATCH):
            noises = [noise(draw).encode() for _ in range(BATCH)]
            classifier.classify([StandaloneMessage("x", "sms", Direction.STAFF_TO_STUDENT, each) for each in noises])
        yield f"after {count * tenth // 10}: {resident():.0f}"


def noise(draw: random.Random) -> str:
    """Forty words that nobody ever wrote."""
    return " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 12))) for _ in range(40))


def resident() -> float:
    """Resident megabytes of this process now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=400, help="messages of each length")
    parser.add_argument("--random", type=int, default=4000, help="messages of random words")
    parser.add_argument("--model", default="")
    given = parser.parse_args()
    began = time.process_time()
    classifier = load(given.model)
    sys.stdout.write(f"start: {time.process_time() - began:.2f} s of CPU, {resident():.0f} MB, {classifier.version}\n")
    milliseconds(classifier, [letter(each) for each in load_corpus()[:64]])
    for line in (*cost(classifier, given.messages), *ordinary(classifier)):
        sys.stdout.write(line + "\n")
    for line in memory(classifier, given.random):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    sys.stdout.write(json.dumps({"resident_mb": round(resident())}) + "\n")


if __name__ == "__main__":
    main()
