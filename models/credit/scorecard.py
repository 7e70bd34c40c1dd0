"""Fitting and evaluating a points scorecard.

Characteristics are binned by optimal binning, turned into weights of evidence (WOE), weighted by a
logistic regression and scaled to integer points as in N. Siddiqi, "Credit Risk Scorecards" (2006),
chapter 6. The probability of default comes from a logistic recalibration of the integer score
(J. Platt, "Probabilistic outputs for support vector machines", 1999).

This module must not know about files, texts of the card or the held-out part.
"""

import logging
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from characteristics import Characteristic

logging.disable(logging.CRITICAL)  # An optional solver that is never used here complains on import.
from optbinning import OptimalBinning  # noqa: E402

logging.disable(logging.NOTSET)

BASE_SCORE = 600
BASE_ODDS = 1.25
PDO = 80
MIN_SCORE, MAX_SCORE = 350, 950
FACTOR = PDO / math.log(2)
OFFSET = BASE_SCORE - FACTOR * math.log(BASE_ODDS)

MIN_INFORMATION_VALUE = 0.02  # Siddiqi calls a characteristic below this unpredictive.
MIN_BIN_SHARE = 0.02
MAX_BINS = 8
MAX_PVALUE = 0.05
CALIBRATION_FOLDS = 5
CALIBRATION_DIGITS = 6


@dataclass
class Attribute:
    """One bin: values below `below` that no earlier bin took, or everything else when it is None."""

    below: float | None
    woe: float
    share: float
    bad_rate: float
    points: int = 0


@dataclass
class Binned:
    """A characteristic together with its bins and its information value."""

    characteristic: Characteristic
    attributes: list[Attribute]
    information_value: float
    weight: float = 0.0

    def edges(self) -> np.ndarray:
        """Return the inner edges; a value on an edge belongs to the bin on its right."""
        return np.array([a.below for a in self.attributes[:-1]])

    def pick(self, values: np.ndarray, field: str) -> np.ndarray:
        """Look up `woe` or `points` of each value; a missing value is neutral, that is 0."""
        values = np.asarray(values, dtype=float)
        table = np.array([getattr(a, field) for a in self.attributes])
        found = table[np.searchsorted(self.edges(), values, side="right")]
        return np.where(np.isnan(values), 0, found)


@dataclass
class Scorecard:
    """A fitted scorecard: integer points and the calibration of its probability of default."""

    base_points: int
    binned: list[Binned]
    dropped: dict[str, str]
    intercept: float = 0.0
    slope: float = 1.0

    def points(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the integer points of each row and characteristic."""
        return pd.DataFrame(
            {b.characteristic.name: b.pick(rows[b.characteristic.name], "points").astype(int) for b in self.binned}
        )

    def unclamped(self, rows: pd.DataFrame) -> np.ndarray:
        """Return base points plus all points, before the score is clamped."""
        return self.base_points + self.points(rows).sum(axis=1).to_numpy()

    def probability(self, unclamped: np.ndarray) -> np.ndarray:
        """Turn unclamped scores into calibrated probabilities of default."""
        return 1.0 / (1.0 + np.exp(self.intercept + self.slope * ln_odds_good(unclamped)))


def ln_odds_good(unclamped: np.ndarray) -> np.ndarray:
    """Invert the scaling of Siddiqi (2006): score = offset + factor * ln(odds of good)."""
    return (np.asarray(unclamped, dtype=float) - OFFSET) / FACTOR


def clamp(unclamped: np.ndarray) -> np.ndarray:
    """Limit a score to the range that is served."""
    return np.clip(unclamped, MIN_SCORE, MAX_SCORE)


def bin_characteristic(characteristic: Characteristic, values: np.ndarray, bad: np.ndarray) -> Binned | None:
    """Bin one characteristic with a monotone bad rate, or return None when one bin is all it gives."""
    values = np.asarray(values, dtype=float)
    if characteristic.floor is not None:
        values = np.maximum(values, characteristic.floor)
    optimal = OptimalBinning(
        name=characteristic.name, solver="cp", monotonic_trend=characteristic.trend, max_n_prebins=40,
        min_prebin_size=MIN_BIN_SHARE, min_bin_size=MIN_BIN_SHARE, max_n_bins=MAX_BINS, max_pvalue=MAX_PVALUE,
    )
    edges = [float(edge) for edge in optimal.fit(values, bad).splits]
    return weigh_evidence(characteristic, edges, values, bad) if edges else None


def weigh_evidence(characteristic: Characteristic, edges: list[float], values: np.ndarray, bad: np.ndarray) -> Binned:
    """Compute WOE = ln(share of the goods / share of the bads) for each bin, and the information value."""
    index = np.searchsorted(edges, values, side="right")
    total_bad, total = int(bad.sum()), len(bad)
    attributes, information = [], 0.0
    for position, below in enumerate([*edges, None]):
        inside = index == position
        count, bads = int(inside.sum()), int(bad[inside].sum())
        good_share, bad_share = (count - bads) / (total - total_bad), bads / total_bad
        woe = math.log(good_share / bad_share)
        information += (good_share - bad_share) * woe
        attributes.append(Attribute(below, woe, count / total, bads / count))
    return Binned(characteristic, attributes, information)


def select_and_weigh(binned: list[Binned], rows: pd.DataFrame, bad: np.ndarray, dropped: dict) -> tuple[list[Binned], float]:
    """Fit the logistic regression on WOE and drop, one at a time, what gets a negative weight.

    The target is "good", so a weight must be positive: a negative one would reward what is risky by itself.
    """
    kept = list(binned)
    while True:
        woe = np.column_stack([b.pick(rows[b.characteristic.name], "woe") for b in kept])
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=200).fit(woe, 1 - bad)
        weights = model.coef_[0]
        worst = int(np.argmin(weights))
        if weights[worst] > 0:
            break
        dropped[kept.pop(worst).characteristic.name] = "its weight had the wrong sign"
    for b, weight in zip(kept, weights):
        b.weight = float(weight)
    return kept, float(model.intercept_[0])


def fit_points(rows: pd.DataFrame, bad: np.ndarray, characteristics: list[Characteristic]) -> Scorecard:
    """Fit bins, weights and integer points, without the calibration.

    Points are factor * weight * WOE as in Siddiqi (2006); the intercept is kept apart as the base
    points, so that WOE 0 (the average client, or a missing value) is worth exactly 0 points.
    """
    binned, dropped = [], {}
    for characteristic in characteristics:
        result = bin_characteristic(characteristic, rows[characteristic.name].to_numpy(), bad)
        value = result.information_value if result else 0.0
        if result is None or value < MIN_INFORMATION_VALUE:
            dropped[characteristic.name] = f"information value {value:.4f}, below {MIN_INFORMATION_VALUE}"
        else:
            binned.append(result)
    kept, intercept = select_and_weigh(binned, rows, bad, dropped)
    for b in kept:
        for attribute in b.attributes:
            attribute.points = round(FACTOR * b.weight * attribute.woe)
    return Scorecard(round(OFFSET + FACTOR * intercept), kept, dropped)


def platt(ln_odds: np.ndarray, bad: np.ndarray) -> tuple[float, float]:
    """Fit P(bad) = 1 / (1 + exp(a + b * ln_odds)) by maximum likelihood (Platt 1999) and return (a, b).

    Platt smooths the targets for the sake of small samples; with thousands of rows that changes nothing here.
    """
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=200)
    model.fit(np.asarray(ln_odds).reshape(-1, 1), 1 - bad)
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def fit(rows: pd.DataFrame, bad: np.ndarray, characteristics: list[Characteristic], seed: int) -> Scorecard:
    """Fit the whole procedure: points on all rows, calibration by cross-fitting inside the same rows.

    Cross-fitting gives each row a score from a scorecard that never saw it, so that the calibration
    does not inherit the optimism of the fit. It is rounded, so that the last bits of another
    processor's arithmetic do not change the file.
    """
    out_of_fold = np.empty(len(bad))
    folds = StratifiedKFold(CALIBRATION_FOLDS, shuffle=True, random_state=seed)
    for inside, outside in folds.split(rows, bad):
        part = fit_points(rows.iloc[inside].reset_index(drop=True), bad[inside], characteristics)
        out_of_fold[outside] = part.unclamped(rows.iloc[outside].reset_index(drop=True))
    card = fit_points(rows, bad, characteristics)
    intercept, slope = platt(ln_odds_good(out_of_fold), bad)
    card.intercept, card.slope = round(intercept, CALIBRATION_DIGITS), round(slope, CALIBRATION_DIGITS)
    return card
