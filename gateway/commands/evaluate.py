"""`chaperone evaluate`: figures of a model on messages that it was not trained on."""

from __future__ import annotations

from argparse import Namespace

from gateway import policies
from gateway.commands.classify import WAITING


def run(given: Namespace) -> int:
    """Print the report."""
    from classifiers.training.evaluate import evaluate

    for line in evaluate(given.model, policies.read(None, WAITING)):
        print(line)
    return 0
