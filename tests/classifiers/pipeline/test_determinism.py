"""A verdict is a function of message, context, model and policy: of no hash seed, order, batch or number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from classifiers.training.examples.labeled import CONVERSATIONS, CORPUS, EVALUATION

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, random, sys
from dataclasses import replace
from classifiers.pipeline.classifier import load
from classifiers.pipeline.job import Job
from gateway.core.serialization.wire import encode_verdict

order, batch, count = map(int, sys.argv[1:4])
rows = [json.loads(line) for path in sys.argv[4:] for line in open(path)]
random.Random(5).shuffle(rows)
rows = rows[:count]
spaced = random.Random(6)
jobs = []
for row in rows:
    direction = "staff_to_student" if row["from"] == "staff" else "student_to_staff"
    subject = row.get("subject", "").replace(chr(10), " ")
    mail = f"Subject: {subject}\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n\\r\\n{row['text']}\\r\\n"
    texts = [mail if row["channel"] == "mail" else row["text"]]
    letters = "".join(letter + spaced.choice((".", "-", "_", " ", "* ")) for letter in row["text"][:40])
    texts += [letters, row["text"][:60].upper().replace("E", "3")]
    jobs += [
        Job(f"{row['id']}.{n}", "s", row["channel"] if not n else "sms", direction, text.encode())
        for n, text in enumerate(texts)
    ]
if order:
    random.Random(order).shuffle(jobs)
classifier = load()
found = {}
for at in range(0, len(jobs), batch):
    for job, verdict in zip(jobs[at : at + batch], classifier.classify(jobs[at : at + batch]), strict=True):
        found[verdict.id] = encode_verdict(replace(verdict, took_ms=0.0)).decode()
    for look in classifier.first_look(jobs[at : at + batch]):
        found[look.id + " look"] = encode_verdict(look).decode()
json.dump(found, sys.stdout, sort_keys=True)
"""


def _verdicts(seed: int, order: int, batch: int, threads: int, count: int) -> dict[str, str]:
    corpus = sorted(str(path) for path in (CORPUS / EVALUATION).glob("*.jsonl") if path.name != CONVERSATIONS)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(order), str(batch), str(count), *corpus],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=600,
        env={**os.environ, **dict.fromkeys(names, str(threads)), "PYTHONHASHSEED": str(seed)},
    )  # fmt: skip
    return dict(json.loads(ran.stdout))


@pytest.mark.parametrize("count", [int(os.environ.get("CHAPERONE_DETERMINISM", "60"))])
def test_the_same_bytes_under_any_circumstances(count: int) -> None:
    """More messages: CHAPERONE_DETERMINISM=1000 in the environment."""
    first, second, third = (
        _verdicts(seed, order, batch, threads, count)
        for seed, order, batch, threads in ((0, 0, 16, 1), (1, 7, 1, 2), (4242, 9, 5, 4))
    )
    assert len(first) == 2 * 3 * count
    assert [name for name in first if not first[name] == second[name] == third[name]] == []
