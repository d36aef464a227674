"""`chaperone train`: trains the classifiers from the corpora in the repository and optional public data sets."""

from __future__ import annotations

from argparse import Namespace

from rich.progress import Progress, TaskID

from gateway.core.fault import Fault


def run(options: Namespace) -> int:
    """Train and print the version of the new model."""
    for folder in options.data:
        if not folder.is_dir():
            raise Fault(f"train: --data {folder} is not a folder; name one with public data sets in .jsonl files")
    for file in options.examples:
        if not file.is_file():
            raise Fault(f"train: --examples {file} is not a file; name one that `chaperone feedback export` wrote")
    for option, folder in (
        ("--from", options.base),
        ("--average-with", options.average_with),
        ("--teachers", options.teachers),
    ):
        if folder and not (folder / "model.json").is_file():
            raise Fault(
                f"train: {option} {folder} contains no model; name a folder that `chaperone train --encoder` wrote"
            )
    if options.average_with and not options.encoder:
        raise Fault("train: --average-with needs --encoder; without it no encoder is trained")
    if options.teachers and (options.base or not options.encoder):
        raise Fault("train: --teachers needs --encoder and goes without --from: a new encoder learns from the teachers")
    try:
        from classifiers.training.examples.labeled import CORPUS
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
                options.out,
                seed=options.seed,
                data=options.data,
                example_files=options.examples,
                encoder=options.encoder,
                base=options.base,
                progress=progress,
                corpus=options.corpus or CORPUS,
                average_with=options.average_with,
                move_hold=options.move_hold,
                teachers=options.teachers,
            )
        except ModuleNotFoundError as error:
            raise Fault(f"train: {error.name} is missing; install chaperone-gateway[train-encoders]") from None
    print(f"model {version} written to {options.out}")
    return 0
