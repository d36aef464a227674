"""`chaperone train`: train the classifiers from the corpora that the package carries, and optional public sets."""

from __future__ import annotations

from argparse import Namespace

from rich.progress import Progress, TaskID

from gateway.core.fault import Fault


def run(given: Namespace) -> int:
    """Train; prints the version of the new model."""
    for folder in given.data:
        if not folder.is_dir():
            raise Fault(f"train: --data {folder} is no folder; name one with public sets in .jsonl files")
    for file in given.examples:
        if not file.is_file():
            raise Fault(f"train: --examples {file} is no file; name one that `chaperone feedback export` wrote")
    if given.base and not (given.base / "model.json").is_file():
        raise Fault(f"train: --from {given.base} holds no model; name a folder that `chaperone train --encoder` wrote")
    if given.base and not given.encoder:
        raise Fault("train: --from takes encoders further; give --encoder as well")
    try:
        from classifiers.training.train import train
    except ModuleNotFoundError as error:
        raise Fault(f"train: {error.name} is missing; install chaperone-gateway[train]") from None

    with Progress() as bar:
        stages: dict[str, TaskID] = {}

        def progress(stage: str, done: int, of: int) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(stage, total=of)
            bar.update(stages[stage], completed=done, total=of)

        try:
            version = train(
                given.out,
                seed=given.seed,
                data=given.data,
                more=given.examples,
                encoder=given.encoder,
                base=given.base,
                progress=progress,
            )
        except ModuleNotFoundError as error:
            raise Fault(f"train: {error.name} is missing; install chaperone-gateway[train-encoders]") from None
    print(f"model {version} written to {given.out}")
    return 0
