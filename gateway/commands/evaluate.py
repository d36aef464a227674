"""`chaperone evaluate`: measures a model on messages that it was not trained on."""

from __future__ import annotations

from argparse import Namespace

from gateway import policies
from gateway.commands.classify import NO_VERDICT_ACTIONS
from gateway.core.fault import Fault


def run(options: Namespace) -> int:
    """Print the report."""
    from classifiers.training.evaluation.report import evaluate
    from classifiers.training.examples.labeled import CORPUS

    for folder in options.data:
        if not folder.is_dir():
            raise Fault(f"evaluate: --data {folder} is not a folder; name one with public data sets in .jsonl files")
    try:
        lines = evaluate(
            options.model,
            policies.read(None, NO_VERDICT_ACTIONS),
            data=options.data,
            plots=options.plots,
            corpus=options.corpus or CORPUS,
            card=options.card,
        )
    except ModuleNotFoundError as error:
        raise Fault(f"evaluate: {error.name} is missing; install chaperone-gateway[plots]") from None
    for line in lines:
        print(line)
    return 0
