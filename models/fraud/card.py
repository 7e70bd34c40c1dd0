"""Writes the fraud model's file, manifest, reference rows and card, with every figure computed."""

import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

import reasons
import train
from events import TEST_DAYS, TRAINING_DAYS

REFERENCE_ROWS = 120
INTENDED = (
    "Ranking events by the risk of fraud where a tenant has no model of its own, and showing the fraud check at work. It was "
    "trained on simulated events: before it decides on real ones, hold it against your own outcomes, as a shadow first."
)
LIMITS = (
    "Simulated customers and frauds only; six patterns. Real frauds look otherwise and change. Nearly all in one currency. It needs weeks of "
    "a tenant's own events before velocities and feedback mean much."
)
KINDS = ["without velocity", "with velocity", "feedback after 7 d", "feedback after 1 d"]


def spread(results: dict, kind: str, scene: str, figure: str) -> tuple[float, float]:
    """Mean and standard deviation over the seeds."""
    values = [one[kind][scene][figure] for one in results.values() if scene in one[kind]]
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def cell(results: dict, kind: str, scene: str, figure: str) -> str:
    mean, deviation = spread(results, kind, scene, figure)
    return f"{mean:.3f} ± {deviation:.3f}"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(part) for part in line) + " |" for line in lines)


def write(out: Path, model: lgb.Booster, features: list[str], results: dict, test: pd.DataFrame):
    """Write everything."""
    out = Path(out)
    model.save_model(str(out / "model.txt"))
    rows = test.sample(REFERENCE_ROWS, random_state=7)[features]
    predictions = model.predict(rows)
    write_reference(out / "reference.csv", rows, predictions)
    (out / "manifest.toml").write_text(manifest(features, results), encoding="utf-8")
    (out / "CARD.md").write_text(card(features, results, model), encoding="utf-8")


def write_reference(path: Path, rows: pd.DataFrame, predictions: np.ndarray):
    texts = {"scene": train.SCENES, **{name: train.IDENTITY for name in reasons.CATEGORIES}}
    lines = [",".join([*rows.columns, "expected"])]
    for (_, row), prediction in zip(rows.iterrows(), predictions, strict=True):
        cells = []
        for name, value in row.items():
            if np.isnan(value):
                cells.append("")
            elif name in texts:
                cells.append(texts[name][int(value)])
            elif is_flag(name):
                cells.append("true" if value > 0.5 else "false")
            else:
                cells.append(repr(float(value)))
        lines.append(",".join([*cells, repr(float(prediction))]))
    path.write_text("\n".join(lines) + "\n")


def is_flag(name: str) -> bool:
    return name.endswith(("_is_new", "_confirmed")) or name == "is_weekend"


def manifest(features: list[str], results: dict) -> str:
    quoted = json.dumps
    lines = [
        "# Written by card.py; every figure is computed from the model beside it. Change the script, not this file.", "",
        'title = "Fraud of events, LightGBM, trained on simulated events"', 'kind = "fraud"', "",
        "[target]", 'definition = "The event is a fraud of the simulator."', "horizon_months = 1", "",
        "[scaling]",
        'scale = { method = "log_odds", base_score = 600.0, base_odds = 0.1111111111111111, pdo = 50.0 }',
        "min_score = 0", "max_score = 1000",
        'bands = [{ band = "deny", min_score = 900 }, { band = "review", min_score = 750 }, '
        '{ band = "challenge", min_score = 600 }, { band = "allow", min_score = 0 }]', "",
        "[card]", f"intended_use = {quoted(INTENDED)}",
        f"training_data = {quoted(data_sentence(results))}", f"limitations = {quoted(LIMITS)}",
        'owner = "The platform"', 'licence = "Made up by riskport simulate; no rights of others"', "metrics = [",
    ]
    for kind in KINDS:
        for figure, name in (("auc", "AUC"), ("recall", "recall at 1 % false positives")):
            lines.append(f'  {{ name = "{name}, {kind}, simulated, out of time", value = {spread(results, kind, "all", figure)[0]:.6f} }},')
    lines.append("]")
    for name in features:
        lines += ["", "[[features]]", f'name = "{name}"']
        if name == "scene":
            lines += ['kind = "category"', f"values = {quoted(train.SCENES)}"]
        elif name in reasons.CATEGORIES:
            lines += ['kind = "category"', f"values = {quoted(train.IDENTITY)}"]
        else:
            lines.append('kind = "flag"' if is_flag(name) else 'kind = "number"')
        en, zh = reasons.sentence(name)
        lines += ['missing = "accept"', "[features.reason]", f'code = "{name.upper()}"']
        lines += [f"en = {json.dumps(en)}", f"zh = {json.dumps(zh, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def data_sentence(results: dict) -> str:
    counts = next(iter(results.values()))["counts"]
    return (
        f"Simulated: {counts['train']:,} events with {counts['train_frauds']:,} frauds of one seed, riskport simulate --variant "
        "training, of which the labels of the last seven days are not used. No real event."
    )


def card(features: list[str], results: dict, model: lgb.Booster) -> str:
    known = sorted({name for one in results.values() for name in one[KINDS[0]]} - {"all"})
    scenes = [name for name in known if not name.startswith("pattern ")]
    patterns = [name for name in known if name.startswith("pattern ")]
    overall = [[kind, *(cell(results, kind, "all", figure) for figure in ("auc", "ap", "recall"))] for kind in KINDS]
    by_scene = [[scene, *(cell(results, kind, scene, "recall") for kind in KINDS)] for scene in scenes]
    by_pattern = [[name.removeprefix("pattern "), *(cell(results, kind, name, "recall") for kind in KINDS)] for name in patterns]
    aucs = [[scene, *(cell(results, kind, scene, "auc") for kind in KINDS)] for scene in scenes]
    singles = [f"{one['single']['feature']} {one['single']['recall']:.3f} (seed {seed})" for seed, one in results.items()]
    counts = [
        [seed, one["counts"]["train"], one["counts"]["train_frauds"], one[KINDS[2]]["all"]["events"], one[KINDS[2]]["all"]["frauds"]]
        for seed, one in results.items()
    ]
    return f"""# Model card: fraud-simulated, version 1

Written by `train.py`; every figure is computed. Change the scripts, not this page.

**Everything here is simulated.** No public set of events with cards or devices can be had under clear terms, so the events, the
people and the frauds are made up by `riskport simulate`. The figures say that the features, the feedback and the model work
together as they should; they do not say how many frauds of a real institution would be found.

## What it is

A gradient boosted model ({model.num_trees()} trees, LightGBM) over {len(features)} of the features of events that the fraud check
knows. It scores 0-1,000, higher is riskier: 600 at odds of fraud of 1 to 9, 50 points double the odds. Contributions are exact
Shapley values.

{INTENDED}

## Data and test

Five seeds. Of each: {TRAINING_DAYS} days of events with frauds of the variant `training`, loaded through RecordEvents with frauds known seven days
late; features exported by the live path. Training leaves out the first {train.WARM_UP_DAYS} days (features need a past) and the last
{train.LABEL_DELAY_DAYS} (labels not known yet). The test is out of time: the same people from the day after, {TEST_DAYS} days with frauds of the
variant `unseen`, whose rings, speeds, pool sizes and hours were not trained on; its first {train.WARM_UP_DAYS} days are not measured.

{table(["seed", "trained on", "frauds", "tested on", "frauds"], counts)}

## Figures, mean ± standard deviation over the seeds

{table(["", "AUC", "average precision", "recall at 1 % false positives"], overall)}

Recall at 1 % false positives, threshold by scene:

{table(["scene", *KINDS], by_scene)}

Recall of each pattern, where each scene has a threshold of its own at 1 % false positives:

{table(["pattern", *KINDS], by_pattern)}

AUC by scene:

{table(["scene", *KINDS], aucs)}

The best single feature, by its recall at 1 % false positives: {"; ".join(singles)}. At 0.50 the simulator would be too easy.

## Limits

{LIMITS}
"""
