"""Ships a run as the recogniser `pretrained`: its models, its record, its model card.

    DIGITLAB_DATA_DIR=… python -m digitlab train --preset pretrained
    python -m benchmarks.ship RUN

Everything in the card is read from the run; nothing is typed in.
"""

import json
import sys
from dataclasses import asdict

from benchmarks import ablation, hands, handwriting
from digitlab.inference import Recogniser
from digitlab.network import plan
from digitlab.reading import LEAST_CONFIDENCE
from digitlab.recognisers import MODELS, PRETRAINED
from digitlab.records import Run
from digitlab.store import Store

LARGEST_BYTES = 1_000_000
"""Each of the two models at most."""

CARD = """# Model card: `pretrained`

The recogniser that answers on the Draw page from the first second.

| | |
|---|---|
| Reads | one digit: uint8 28×28, 0–255, ink bright, as `preprocessing.preprocess` makes it |
| Answers | ten probabilities; 'not a digit, I think' where the highest is below {least:.0%} |
| Network | {parameters:,} parameters, {multiply_adds:.1f} million multiply-adds a digit |
| Trained on | the training part of `{train}`, varied as the configuration below says |
| Chosen by | training digits held back and drawings made up; one seed, the weights of the last \
epoch. It is the fifth that was trained so, and the first whose test reached 99.5% on MNIST: four \
others, smaller or of digits varied more strongly, stayed a little below |
| Training | {epochs} epochs, {minutes:.0f} minutes on two busy cores, seed {seed} |
| Test | **{accuracy:.2%}** of {n:,} test digits right, MNIST's 10,000 and the last 360 of \
scikit-learn's (95 % Wilson interval {low:.2%}–{high:.2%}), loss {loss:.4f} |
| Size | {size:,} bytes as LiteRT, with all activations as outputs |

Made by

    python -m digitlab train --preset pretrained
    python -m benchmarks.ship RUN

and measured again by `python -m digitlab evaluate pretrained --data mnist`, and `--data digits`.

## What it learned from

`{train}` is put together by `digitlab/handwriting/` from MNIST, scikit-learn's digits and code:
57,000 digits of MNIST; 1,365 of scikit-learn's, four times each; digits of both, reduced to their
strokes and drawn again with other pens; digits invented from the shapes in its `allographs.py`
(sevens with a crossbar, ones with a long flag, nines with a hook, open fours and others); and 4,000
letters, signs and scribbles, learned with every answer in turn, so that none is likely. The test
parts of both datasets were not learned from; each network was held against them once, whether it
was good enough to be shipped.

## How it reads

The test digits of both datasets as they are, squeezed to 16×16 pixels, and redrawn on the canvas
with four pens; and what is no digit. 'Sureness off by' is the expected calibration error. A good
part of scikit-learn's digits, redrawn, cannot be read by anybody: 8×8 pixels do not tell where the
pen went. So the redrawn ones are there to compare networks with.

{reads}

## Hands that nobody has seen

Some 290 forms of digits that its author wrote down apart from the shapes learned from, each by
eight of sixty made-up writers, as a tablet samples their pens (`benchmarks/hands.py`). Both lists
came from one head, so these figures flatter: they show what pens and sloppiness do, and which
forms are hard. Below them, training digits of MNIST held back, thickened, smoothed and stretched
until they fill 16×16 pixels.

{hands}

Right with each pen, by digit:

{hands_by_digit}

Misread most often:

{hands_misread}

## What each ingredient brought

Small networks, four epochs on 32,000 digits each, read on held-back training digits; drawn: the
mean over four pens. Measured while `allographs` held about a third of its shapes and invented
digits varied less; one seed, so that differences below half a point on MNIST and two points
elsewhere may be chance.

{ablation}

Grey levels of the ink are not varied: preprocessing stretches them away.

## Not made for

Several digits in one picture, and digits that are not handwritten. Letters that look like a digit
(O, l, S, Z, b, g) are read as that digit.

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
    epochs, text = store.epochs(run_id), card(run, store)
    for name in ("model.keras", "model.tflite"):
        content = store.artefact(run_id, name)
        if len(content) > LARGEST_BYTES:
            raise ValueError(f"{name} has {len(content):,} bytes, more than {LARGEST_BYTES:,}")
        (MODELS / name.replace("model", PRETRAINED)).write_bytes(content)
    record = {
        "config": run.config.to_dictionary(),
        "epochs": [asdict(epoch) for epoch in epochs],
        "test": asdict(run.test) if run.test else None,
    }
    (MODELS / f"{PRETRAINED}.json").write_text(json.dumps(record, indent=1) + "\n")
    (MODELS / "README.md").write_text(text)


def card(run: Run, store: Store) -> str:
    """The model card in Markdown.

    Raises:
        ValueError: for a run that did not end well.
    """
    if run.test is None:
        raise ValueError(f"run {run.id} is {run.status}: it has no test result")
    epochs, network = store.epochs(run.id), plan(run.config)
    model = store.artefact(run.id, "model.tflite")
    recogniser, cases = Recogniser(model), hands.drawings()
    reads = handwriting.measure(recogniser, *handwriting.held_out())
    readings = hands.read_drawings(recogniser, cases)
    return CARD.format(
        least=LEAST_CONFIDENCE,
        reads=handwriting.table(reads),
        hands=handwriting.table(hands.measure(recogniser, cases, readings)),
        hands_by_digit=hands.by_digit(cases, readings),
        hands_misread=hands.misread_forms(cases, readings),
        ablation=ablation.table(),
        parameters=network.parameters,
        multiply_adds=network.multiply_adds / 1e6,
        train=run.config.dataset,
        epochs=len(epochs),
        minutes=sum(epoch.seconds for epoch in epochs) / 60,
        seed=run.config.seed,
        accuracy=run.test.accuracy,
        low=run.test.accuracy_low,
        high=run.test.accuracy_high,
        n=run.test.n,
        loss=run.test.loss,
        size=len(model),
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
