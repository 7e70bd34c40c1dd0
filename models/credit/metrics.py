"""Measures of the integer points score as it is served, and of its probability of default."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

from scorecard import Scorecard, clamp, platt

DIGITS = 6  # More digits than any of these figures deserves, few enough to be the same on every processor.


def measure(card: Scorecard, rows: pd.DataFrame, bad: np.ndarray) -> dict[str, float]:
    """Measure discrimination of the served (clamped) score, and calibration of the probability.

    Calibration slope and intercept are those of a logistic regression of the outcome on the
    probability's logit; 1 and 0 are perfect.
    """
    unclamped = card.unclamped(rows)
    score, probability = clamp(unclamped), card.probability(unclamped)
    auc = roc_auc_score(bad, -score)
    false_rate, true_rate, _ = roc_curve(bad, -score, drop_intermediate=False)
    good_logit = np.log((1 - probability) / probability)
    intercept, slope = platt(good_logit, bad)
    measured = {
        "auc": auc, "ks": np.max(true_rate - false_rate), "gini": 2 * auc - 1,
        "brier": np.mean((probability - bad) ** 2),
        "calibration_slope": slope, "calibration_intercept": -intercept,
    }
    return {name: round(float(value), DIGITS) for name, value in measured.items()}


def mean_and_sd(measured: list[dict[str, float]]) -> dict[str, float]:
    """Summarise the folds: mean and sample standard deviation of AUC, KS and Brier."""
    summary = {"folds": len(measured)}
    for name in ("auc", "ks", "brier"):
        values = [fold[name] for fold in measured]
        summary[f"{name}_mean"] = round(float(np.mean(values)), DIGITS)
        summary[f"{name}_sd"] = round(float(np.std(values, ddof=1)), DIGITS)
    return summary


def calibration_table(probability: np.ndarray, bad: np.ndarray, bins: int = 10) -> list[dict]:
    """Compare predicted and observed bad rates in ten groups of equal size, safest first."""
    order = np.argsort(probability, kind="stable")
    return [
        {
            "clients": len(group), "lowest": float(probability[group].min()), "highest": float(probability[group].max()),
            "predicted": float(probability[group].mean()), "observed": float(bad[group].mean()),
        }
        for group in np.array_split(order, bins)
    ]
