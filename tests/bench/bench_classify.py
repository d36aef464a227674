"""Measures the classifiers: cost by message length, memory, start. Run `python -m tests.bench.bench_classify`."""

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

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"):  # one thread, as in a worker
    os.environ.setdefault(threads, "1")

from classifiers.components.encoder import EncoderComponent, OnnxEncoder  # noqa: E402 - threads are set first
from classifiers.features.annotations import Floats, TextAnnotations  # noqa: E402 - threads are set first
from classifiers.pipeline.classifier import Classifier, load  # noqa: E402 - threads are set first
from classifiers.pipeline.explain import StandaloneMessage  # noqa: E402 - threads are set first
from classifiers.training.examples.labeled import Example, load_corpus  # noqa: E402 - threads are set first
from gateway.core.messages.parties import Direction  # noqa: E402 - threads are set first
from tests.bench.corpus import STAFF, STUDENT, in_scope  # noqa: E402 - threads are set first

BATCH = 16


def mail_of(example: Example) -> StandaloneMessage:
    """An example as a realistic mail: half of the mails have an HTML alternative."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "Teacher <teacher@riverbend.example>", "student@students.riverbend.example"
    message["Subject"] = example.subject or "Hello"
    message.set_content(example.text)
    if len(example.text) % 2:
        paragraphs = "".join(f"<p style='margin:0'>{line}</p>" for line in example.text.splitlines())
        message.add_alternative(f"<html><body>{paragraphs}</body></html>", "html")
    return StandaloneMessage(example.id, "mail", Direction.STAFF_TO_STUDENT, message.as_bytes())


def milliseconds(classifier: Classifier, messages: list[StandaloneMessage]) -> list[float]:
    """CPU milliseconds per message, batch by batch."""
    costs = []
    for at in range(0, len(messages), BATCH):
        batch = messages[at : at + BATCH]
        started = time.process_time()
        classifier.classify(batch)
        costs += [(time.process_time() - started) * 1000 / len(batch)] * len(batch)
    return costs


def cost_by_length(classifier: Classifier, count: int) -> Iterator[str]:
    """The cost of clean messages of the corpus, by length."""
    examples = [example for example in load_corpus() if not example.labels]
    random.Random(7).shuffle(examples)
    for name, least, most in (("up to 30 words", 0, 30), ("60 to 100 words", 60, 100), ("over 150 words", 150, 9999)):
        chosen = [example for example in examples if least <= len(example.text.split()) <= most][:count]
        costs = milliseconds(classifier, [mail_of(example) for example in chosen])
        words = statistics.mean(len(example.text.split()) for example in chosen)
        yield f"{name:16} {len(chosen):5} messages, {words:4.0f} words: {statistics.mean(costs):.2f} ms of CPU each"


def cost_of_ordinary_mail(classifier: Classifier) -> Iterator[str]:
    """The mean cost of the mails of `make bench`, and the share of them that each encoder reads."""
    directions = {STAFF: Direction.STAFF_TO_STUDENT, STUDENT: Direction.STUDENT_TO_STAFF}
    messages = [
        StandaloneMessage(str(number), "mail", directions[mail.author], mail.content)
        for number, mail in enumerate(in_scope())
    ]
    yield f"mails of make bench: {statistics.mean(milliseconds(classifier, messages)):.2f} ms of CPU on average"
    component = classifier.nlp.get_pipe("chaperone_encoder")
    assert isinstance(component, EncoderComponent)
    counting = [_CountingEncoder(stage.encoder) for stage in component.stages]
    component.stages = [
        replace(stage, encoder=encoder) for stage, encoder in zip(component.stages, counting, strict=True)
    ]
    reached = Counter[int]()
    for message in messages:
        before = [encoder.calls for encoder in counting]
        classifier.classify([message])
        reached.update(number for number, encoder in enumerate(counting) if encoder.calls > before[number])
    for number in range(len(counting)):
        yield f"of them read by encoder {number + 1}: {reached[number] / len(messages):.1%}"


class _CountingEncoder(OnnxEncoder):
    """An encoder that counts its calls."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self.__dict__.update(encoder.__dict__)
        self.calls = 0

    def logits(self, annotations: TextAnnotations, windows: Sequence[tuple[int, int]]) -> Floats:
        self.calls += 1
        return super().logits(annotations, windows)


def memory(classifier: Classifier, count: int) -> Iterator[str]:
    """The growth of memory over messages of random words, tenth by tenth. They must not stay in the vocabulary."""
    random_source = random.Random(7)
    yield f"messages of random words, MB before: {resident():.0f}"
    for tenth in range(1, 11):
        for _ in range(count // 10 // BATCH):
            texts = [random_words(random_source).encode() for _ in range(BATCH)]
            classifier.classify([StandaloneMessage("x", "sms", Direction.STAFF_TO_STUDENT, text) for text in texts])
        yield f"after {count * tenth // 10}: {resident():.0f}"


def random_words(random_source: random.Random) -> str:
    """Forty words of random letters."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(random_source.choices(letters, k=random_source.randint(3, 12))) for _ in range(40))


def resident() -> float:
    """Resident megabytes of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=400, help="messages of each length")
    parser.add_argument("--random", type=int, default=4000, help="messages of random words")
    parser.add_argument("--model", default="")
    options = parser.parse_args()
    started = time.process_time()
    classifier = load(options.model)
    sys.stdout.write(
        f"start: {time.process_time() - started:.2f} s of CPU, {resident():.0f} MB, {classifier.version}\n"
    )
    milliseconds(classifier, [mail_of(example) for example in load_corpus()[:64]])
    for line in (*cost_by_length(classifier, options.messages), *cost_of_ordinary_mail(classifier)):
        sys.stdout.write(line + "\n")
    for line in memory(classifier, options.random):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    sys.stdout.write(json.dumps({"resident_mb": round(resident())}) + "\n")


if __name__ == "__main__":
    main()
