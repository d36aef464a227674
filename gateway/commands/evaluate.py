"""`chaperone evaluate`: figures of a model on messages that it was not trained on."""

from __future__ import annotations

from argparse import Namespace

from gateway import policies
from gateway.commands.classify import WAITING
from gateway.core.fault import Fault


def run(given: Namespace) -> int:
    """Print the report."""
    from classifiers.training.evaluate import evaluate

    for folder in given.data:
        if not folder.is_dir():
            raise Fault(f"evaluate: --data {folder} is no folder; name one with public sets in .jsonl files")
    try:
        lines = evaluate(given.model, policies.read(None, WAITING), data=given.data, plots=given.plots)
    except ModuleNotFoundError as error:
        raise Fault(f"evaluate: {error.name} is missing; install chaperone-gateway[plots]") from None
    for line in lines:
        print(line)
    return 0
