"""The command line: `python -m digitlab`. Its training options are made from TrainingConfig.

Exit status: 0 done, 2 wrong arguments or input with one clear sentence, 1 anything else.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from digitlab.config import TrainingConfig
from digitlab.domains import Choice, Hyperparameter, declared
from digitlab.errors import InputError
from digitlab.presets import PRESETS, find_preset

_HYPERPARAMETERS = declared(TrainingConfig)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _RunEndedBadlyError(Exception):
    """A training that failed or was interrupted; its completed epochs are kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except InputError as error:
        print(f"digitlab: {error}", file=sys.stderr)
        return 2
    except _RunEndedBadlyError as error:
        print(f"digitlab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="digitlab", description="A laboratory for handwritten digits.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a network")
    train.add_argument("--preset", metavar="KEY", help="start from this preset (see 'presets')")
    train.add_argument("--yes", action="store_true", help="train even if it takes hours")
    for parameter in _HYPERPARAMETERS:
        _add_hyperparameter(train, parameter)
    _finish(train, train_command)

    evaluate = commands.add_parser("evaluate", help="measure a network on labelled digits")
    evaluate.add_argument("model", metavar="RUN|MODEL")
    evaluate.add_argument("--data", metavar="NAME|PATH", help="default: what it was trained for")
    _finish(evaluate, evaluate_command)

    predict = commands.add_parser("predict", help="read digits in pictures")
    predict.add_argument("model", metavar="RUN|MODEL")
    predict.add_argument("images", metavar="IMAGE", nargs="+", type=Path)
    _finish(predict, predict_command)

    _finish(commands.add_parser("runs", help="list all runs"), runs_command)

    export = commands.add_parser("export", help="write a run's model, or its code, to a file")
    export.add_argument("run", metavar="RUN")
    export.add_argument("--format", required=True, choices=("keras", "litert", "onnx", "python"))
    export.add_argument("-o", "--output", required=True, type=Path, metavar="PATH")
    export.set_defaults(command=export_command)

    _finish(commands.add_parser("presets", help="list all presets"), presets_command)
    return parser


def _add_hyperparameter(parser: argparse.ArgumentParser, parameter: Hyperparameter) -> None:
    domain = parameter.domain
    options = f" One of {', '.join(domain.options)}." if isinstance(domain, Choice) else ""
    parser.add_argument(
        f"--{parameter.name}",
        metavar="VALUE",
        help=f"{parameter.help}{options}".replace("%", "%%"),
    )


def _finish(parser: argparse.ArgumentParser, command: Any) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(command=command)


def train_command(options: argparse.Namespace) -> None:
    """`train`: queues a run, follows it, prints its test result. Ctrl-C stops and keeps it."""
    from digitlab.datasets import canonical_name, load_dataset
    from digitlab.jobs import get_jobs
    from digitlab.progress import follow, wait_for_mnist

    config = _config(options)
    config = config.replace(dataset=canonical_name(config.dataset))
    if config.dataset in ("mnist", "handwriting"):
        wait_for_mnist()
    dataset = load_dataset(config.dataset)
    jobs = get_jobs()
    try:
        _say_cost(config, jobs.estimate(config, dataset), jobs.free_memory(), options.yes)
        run_id = jobs.submit(config, options.preset)
        signal.signal(signal.SIGINT, lambda *_: jobs.stop(run_id))
        follow(jobs, run_id)
    finally:
        jobs.close()
    run = jobs.store.run(run_id)
    if run.error:
        raise _RunEndedBadlyError(f"run {run_id} {run.status.value}: {run.error}")
    document = {
        "run": run_id,
        "status": run.status.value,
        "config": config.to_dictionary(),
        "epochs": [asdict(epoch) for epoch in jobs.store.epochs(run_id)],
        "test": run.test and asdict(run.test),
    }
    sentence = f"{run_id} {run.status.value}"
    if run.test:
        sentence += f": test accuracy {_interval(run.test)}, loss {run.test.loss:.4f}"
    _print(options, document, sentence)


def _say_cost(config: TrainingConfig, cost: Any, free_bytes: int | None, agreed: bool) -> None:
    """Says what a training costs, and refuses what the Train page refuses."""
    from digitlab.costs import obstacle
    from digitlab.network import check_cost

    check_cost(config)
    if reason := obstacle(cost, config, free_bytes):
        raise InputError(reason)
    if cost.is_long and not agreed:
        raise InputError(
            f"this training takes about {cost.duration(cost.seconds)}: add --yes to start it"
        )
    print(f"{cost.in_words} ({cost.basis})", file=sys.stderr)


def _config(options: argparse.Namespace) -> TrainingConfig:
    base = find_preset(options.preset).config if options.preset else TrainingConfig()
    texts = [(parameter, getattr(options, parameter.name)) for parameter in _HYPERPARAMETERS]
    changes = {p.name: p.domain.parse(p.name, text) for p, text in texts if text is not None}
    return base.replace(**changes)


def evaluate_command(options: argparse.Namespace) -> None:
    """`evaluate`: the metrics of a network on the test part of a dataset."""
    from digitlab.datasets import load_dataset, test_rows
    from digitlab.evaluation import evaluate
    from digitlab.recognisers import model_card
    from digitlab.store import Store

    recogniser = _recogniser(options.model)
    config = None
    if not Path(options.model).is_file():
        config = model_card(Store(), options.model).config
    if options.data is None and config is None:
        raise InputError("--data is needed for a model file: it does not say what it is for")
    dataset = load_dataset(options.data or config.dataset)  # type: ignore[union-attr]
    rows = test_rows(dataset, config)
    labels = dataset.labels[rows]
    result = evaluate(labels, recogniser.probabilities(dataset.images[rows]))
    wrong = round((1 - result.accuracy) * result.n)
    _print(
        options,
        {"model": options.model, "data": dataset.name, **result.to_dictionary()},
        f"{options.model} on {dataset.name}: {_interval(result)}, "
        f"{wrong:,} of {result.n:,} wrong, loss {result.loss:.4f}",
    )


def predict_command(options: argparse.Namespace) -> None:
    """`predict`: one answer per picture; printed when all were read."""
    from digitlab.pictures import read_picture
    from digitlab.preprocessing import preprocess
    from digitlab.reading import reading

    recogniser = _recogniser(options.model)
    answers, lines = [], []
    for path in options.images:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        try:
            image = preprocess(read_picture(data, str(path))).image
        except InputError as error:
            sentence = str(error)
            raise InputError(sentence if str(path) in sentence else f"{path}: {sentence}") from None
        probabilities = recogniser.probabilities(image[None])[0]
        read = reading(probabilities)
        answers.append(
            {
                "image": str(path),
                **asdict(read),
                "probabilities": [float(p) for p in probabilities],
            }
        )
        said = f"{read.label} ({read.confidence:.1%})"
        lines.append(f"{path}: {said if read.is_digit else f'no digit; nearest {said}'}")
    _print(options, answers, "\n".join(lines))


def runs_command(options: argparse.Namespace) -> None:
    """`runs`: all runs, newest first."""
    from digitlab.owners import recover
    from digitlab.store import Store

    store = Store()
    recover(store)
    documents, lines = [], []
    for run in store.runs():
        documents.append(
            {
                "run": run.id,
                "status": run.status.value,
                "preset": run.preset,
                "created_at": run.created_at.isoformat(),
                "test": run.test and asdict(run.test),
                "config": run.config.to_dictionary(),
            }
        )
        result = _interval(run.test) if run.test else run.error or ""
        lines.append(f"{run.id:28} {run.status.value:12} {run.preset or '':22} {result}")
    _print(options, documents, "\n".join(lines) or "no runs yet: python -m digitlab train")


def export_command(options: argparse.Namespace) -> None:
    """`export`: the stored model as it is, as ONNX, or the Python that makes it."""
    from digitlab.recognisers import PRETRAINED, litert_model, model_card
    from digitlab.store import Store

    store = Store()
    card = model_card(store, options.run)
    if options.format == "python":
        from digitlab.script import keras_script

        content = keras_script(card.config).encode()
    elif options.format == "litert":
        content = litert_model(store, options.run)
    else:
        from digitlab.recognisers import keras_model

        content = keras_model(store, options.run)
        if options.format == "onnx":
            if options.run != PRETRAINED and store.run(options.run).imported:
                raise InputError(
                    f"run {options.run} was imported: its model.keras may be a stranger's and is "
                    "not opened here, as --format onnx would; --format keras gives it as it is"
                )
            from digitlab.export import onnx_bytes

            content = onnx_bytes(content)
    try:
        options.output.write_bytes(content)
    except OSError as error:
        raise InputError(f"{options.output} cannot be written: {error.strerror}") from None
    print(f"{options.output}: {len(content):,} bytes", file=sys.stderr)


def presets_command(options: argparse.Namespace) -> None:
    """`presets`: key, parameters and source of each."""
    from digitlab.network import plan

    documents = [
        {
            "preset": preset.key,
            "title": preset.title,
            "source": preset.source,
            "parameters": plan(preset.config).parameters,
            "config": preset.config.to_dictionary(),
        }
        for preset in PRESETS.values()
    ]
    lines = [f"{d['preset']:22} {d['parameters']:>9,}  {d['source']}" for d in documents]
    _print(options, documents, "\n".join(lines))


def _recogniser(name: str) -> Any:
    from digitlab.inference import Recogniser
    from digitlab.recognisers import litert_model
    from digitlab.store import Store

    return Recogniser(litert_model(Store(), name))


def _interval(result: Any) -> str:
    return (
        f"{result.accuracy:.2%} (95 % interval "
        f"{result.accuracy_low:.2%}–{result.accuracy_high:.2%})"
    )


def _print(options: argparse.Namespace, document: Any, text: str) -> None:
    print(json.dumps(document, indent=2) if options.json else text)


if __name__ == "__main__":
    sys.exit(main())
