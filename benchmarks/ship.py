"""Ships a run as the recogniser `pretrained`: its models, its record, its model card.

    DIGITLAB_DATA_DIR=… python -m digitlab train --preset pretrained
    python -m benchmarks.ship RUN

Everything in the card is read from the run; nothing is typed in.
"""

import json
import sys
from dataclasses import asdict

from digitlab.network import plan
from digitlab.recognisers import MODELS, PRETRAINED
from digitlab.records import Run
from digitlab.store import Store

CARD = """# Model card: `pretrained`

The recogniser that answers on the Draw page from the first second.

| | |
|---|---|
| Reads | one digit: uint8 28×28, 0–255, ink bright, as `preprocessing.preprocess` makes it |
| Answers | ten probabilities |
| Network | {parameters:,} parameters, {multiply_adds:.1f} million multiply-adds a digit |
| Trained on | {train}, varied as the configuration below says |
| Chosen by | nothing: one configuration, one seed, the weights of the last epoch |
| Training | {epochs} epochs, {minutes:.0f} minutes on two cores, seed {seed} |
| Test | **{accuracy:.2%}** of {n:,} test digits right (95 % Wilson interval \
{low:.2%}–{high:.2%}), loss {loss:.4f} |
| Size | {size:,} bytes as LiteRT, with all activations as outputs |

Made by

    python -m digitlab train --preset pretrained
    python -m benchmarks.ship RUN

and measured again by `python -m digitlab evaluate pretrained --data mnist`.

Not made for: letters, several digits in one picture, digits that are not handwritten. It always
names one of the ten digits, whatever it is shown. MNIST's writers were Americans of the 1990s:
sevens with a crossbar, ones with a long flag and open fours are rare in it.

## Configuration

```json
{config}
```

## Epochs

| epoch | accuracy | loss | val_accuracy | val_loss | seconds |
|--:|--:|--:|--:|--:|--:|
{rows}
"""


def main(run_id: str) -> None:
    """Writes the files into the package."""
    store = Store()
    run = store.run(run_id)
    epochs = store.epochs(run_id)
    for name in ("model.keras", "model.tflite"):
        path = MODELS / name.replace("model", PRETRAINED)
        path.write_bytes(store.artefact(run_id, name))
    record = {
        "config": run.config.to_dictionary(),
        "epochs": [asdict(epoch) for epoch in epochs],
        "test": asdict(run.test) if run.test else None,
    }
    (MODELS / f"{PRETRAINED}.json").write_text(json.dumps(record, indent=1) + "\n")
    (MODELS / "README.md").write_text(card(run, store))


def card(run: Run, store: Store) -> str:
    """The model card in Markdown.

    Raises:
        ValueError: for a run that did not end well.
    """
    if run.test is None:
        raise ValueError(f"run {run.id} is {run.status}: it has no test result")
    epochs, network = store.epochs(run.id), plan(run.config)
    return CARD.format(
        parameters=network.parameters,
        multiply_adds=network.multiply_adds / 1e6,
        train=f"the training part of {run.config.dataset}",
        epochs=len(epochs),
        minutes=sum(epoch.seconds for epoch in epochs) / 60,
        seed=run.config.seed,
        accuracy=run.test.accuracy,
        low=run.test.accuracy_low,
        high=run.test.accuracy_high,
        n=run.test.n,
        loss=run.test.loss,
        size=len(store.artefact(run.id, "model.tflite")),
        config=json.dumps(run.config.to_dictionary(), indent=1),
        rows="\n".join(
            f"| {e.epoch} | {e.accuracy:.4f} | {e.loss:.4f} | {_figure(e.val_accuracy)} "
            f"| {_figure(e.val_loss)} | {e.seconds:.0f} |"
            for e in epochs
        ),
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    main(sys.argv[1])
