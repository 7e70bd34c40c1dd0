"""Train the platform's fraud model on features that `events.py` exported, and measure it out of time.

It writes the model file, its manifest, its reference rows and its card. Every figure is of simulated events. For each seed one
model is trained on the training events whose label was known a week before they end, and measured on the same people later,
with frauds of rings, speeds and hours that it was not trained on. Equal inputs give byte-identical outputs.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import lightgbm as lgb  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: E402

import reasons  # noqa: E402

WARM_UP_DAYS = 14  # Features need a past: what comes before is not learnt from, and not measured on.
LABEL_DELAY_DAYS = 7  # Of the training events the last week's labels are not known yet.
FEATURES = 96  # Of the catalogue, those that the first model of all uses most.
TREES = 250
SCENES = ["payment", "login", "registration", "coupon-claim", "order", "appointment-booking", "withdrawal", "custom"]
IDENTITY = ["match", "mismatch", "unknown"]

SETTINGS = {
    "objective": "binary", "learning_rate": 0.06, "num_leaves": 31, "min_data_in_leaf": 60, "lambda_l2": 10.0,
    "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "max_cat_to_onehot": 8,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": 20260101, "verbosity": -1,
}
# 600 points at odds of fraud of 1 to 9, 50 points double the odds.
SCALE = {"method": "log_odds", "base_score": 600.0, "base_odds": 1 / 9, "pdo": 50.0}
FEEDBACK = ("_frauds_", "_fraud_rate_", "_confirmed", "cluster_frauds", "hops_to_fraud")
ITSELF = ("amount_minor", "hour", "weekday", "is_weekend", "scene")


def read(folder: Path, name: str, seed: int, columns: list[str] | None) -> pd.DataFrame:
    """Read the features of a set, with what each event truly was."""
    path = folder / f"features-{name}-{seed}.csv"
    texts = {"request_id", "scene_name", "event_time"}
    known = texts | {"label", "truncated"}
    features = [one for one in pd.read_csv(path, nrows=0).columns if one not in known and (columns is None or one in columns)]
    frame = pd.read_csv(path, usecols=[*texts, *features], dtype={feature: np.float32 for feature in features})
    # What was reported by the end is in the file too, but frauds of the last days were not.
    truth = pd.read_csv(folder / f"events-{name}-{seed}.csv", usecols=["request_id", "label", "pattern"])
    frame = frame.merge(truth, on="request_id", how="left", validate="1:1")
    frame["fraud"] = (frame.pop("label") == "fraud").astype(np.int8)
    times = pd.to_datetime(frame.pop("event_time"), format="ISO8601")
    frame["day"] = (times - times.min()) / pd.Timedelta(days=1)
    return frame[frame["day"] >= WARM_UP_DAYS].reset_index(drop=True)


def features_of(frame: pd.DataFrame) -> list[str]:
    """The columns that are features."""
    return [c for c in frame.columns if c not in ("request_id", "scene_name", "pattern", "fraud", "day")]


def learnt_from(frame: pd.DataFrame) -> pd.DataFrame:
    """The events whose labels were known when the model was trained: at the end of the training events."""
    return frame[frame["day"] < frame["day"].max() - LABEL_DELAY_DAYS]


def fit(frame: pd.DataFrame, features: list[str]) -> lgb.Booster:
    """Train one model."""
    categories = [f for f in features if f == "scene" or f in reasons.CATEGORIES]
    rows = lgb.Dataset(frame[features], frame["fraud"], categorical_feature=categories, free_raw_data=True)
    return lgb.train(SETTINGS, rows, TREES)


def threshold_at(score: np.ndarray, fraud: np.ndarray, share: float = 0.01) -> float:
    """The lowest score that at most 1 % of genuine events are above."""
    genuine = np.sort(score[fraud == 0])[::-1]
    allowed = int(np.floor(share * len(genuine)))
    return float(genuine[allowed]) if allowed < len(genuine) else -np.inf


def recall_at(score: np.ndarray, fraud: np.ndarray) -> float:
    """The share of frauds above the score that at most 1 % of genuine events are above."""
    return float((score[fraud == 1] > threshold_at(score, fraud)).mean())


def figures(score: np.ndarray, frame: pd.DataFrame) -> dict:
    """AUC, average precision and recall at 1 % false positives, of all events and by scene; and the recall of each pattern
    where each scene has a threshold of its own, at 1 % false positives."""
    found, fraud = {}, frame["fraud"].to_numpy()
    stopped = np.zeros(len(frame), bool)
    for scene in ["all", *sorted(frame["scene_name"].unique())]:
        here = np.ones(len(frame), bool) if scene == "all" else (frame["scene_name"] == scene).to_numpy()
        if 0 < fraud[here].sum() < here.sum():
            found[scene] = {
                "events": int(here.sum()), "frauds": int(fraud[here].sum()),
                "auc": float(roc_auc_score(fraud[here], score[here])),
                "ap": float(average_precision_score(fraud[here], score[here])), "recall": recall_at(score[here], fraud[here]),
            }
            if scene != "all":
                stopped[here] = score[here] > threshold_at(score[here], fraud[here])
    for pattern in sorted(frame.loc[fraud == 1, "pattern"].unique()):
        here = (frame["pattern"] == pattern).to_numpy()
        found["pattern " + pattern] = {"frauds": int(here.sum()), "recall": float(stopped[here].mean())}
    return found


def best_single(frame: pd.DataFrame, features: list[str]) -> tuple[str, float]:
    """The feature whose own threshold finds most frauds at 1 % false positives."""
    fraud = frame["fraud"].to_numpy()
    best = ("", 0.0)
    for feature in features:
        values = frame[feature].to_numpy(np.float64)
        for signed in (values, -values):
            recall = recall_at(np.where(np.isnan(signed), -np.inf, signed), fraud)
            best = max(best, (feature, recall), key=lambda one: one[1])
    return best


def choose(frame: pd.DataFrame) -> list[str]:
    """The features that a model of all uses most, in the catalogue's order."""
    everything = features_of(frame)
    model = fit(frame, everything)
    gain = pd.Series(model.feature_importance("gain"), everything)
    chosen = set(gain.nlargest(FEATURES).index) | set(ITSELF)
    return [f for f in everything if f in chosen]


def of_seed(folder: Path, seed: int, chosen: list[str]) -> tuple[dict, lgb.Booster]:
    """Train and measure the models of one seed."""
    train = learnt_from(read(folder, "train", seed, chosen))
    without = [f for f in chosen if f in ITSELF]
    velocity = [f for f in chosen if not any(mark in f for mark in FEEDBACK)]
    models = {"without velocity": fit(train, without), "with velocity": fit(train, velocity), "feedback": fit(train, chosen)}
    found, columns = {}, {"without velocity": without, "with velocity": velocity, "feedback": chosen}
    for name, days in (("test-7d", 7), ("test-1d", 1)):
        test = read(folder, name, seed, chosen)
        for kind, model in models.items():
            if kind != "feedback" and days == 1:
                continue
            label = f"feedback after {days} d" if kind == "feedback" else kind
            found[label] = figures(model.predict(test[columns[kind]]), test)
        if days == 7:
            single = best_single(test, chosen)
            found["single"] = {"feature": single[0], "recall": single[1]}
    found["counts"] = {"train": len(train), "train_frauds": int(train["fraud"].sum())}
    print(json.dumps({k: v.get("all", v) for k, v in found.items()}), flush=True)
    return found, models["feedback"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where events.py wrote")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--choose", type=Path, help="only write the names of the features to use to this file")
    arguments = parser.parse_args()
    if arguments.choose:
        chosen = choose(learnt_from(read(arguments.folder, "train", arguments.seeds[0], None)))
        arguments.choose.write_text("\n".join(chosen) + "\n")
        return
    chosen = (arguments.out / "features.txt").read_text().split()
    results, shipped = {}, None
    for seed in arguments.seeds:
        results[seed], model = of_seed(arguments.folder, seed, chosen)
        shipped = shipped or model
    (arguments.out / "figures.json").write_text(json.dumps(results, indent=1) + "\n")
    import card  # Written from the figures and the model.
    card.write(arguments.out, shipped, chosen, results, read(arguments.folder, "test-7d", arguments.seeds[0], chosen))


if __name__ == "__main__":
    main()
