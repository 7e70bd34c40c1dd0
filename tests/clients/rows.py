"""A partner's own model, and rows of which it is known what they score."""

import json
import pathlib

import caller

FIXTURES = pathlib.Path(__file__).parents[1] / "cases" / "models"
MODEL = "card-clients"
# The categories of the model by their codes in its file.
CATEGORIES = {
    "sex": ["female", "male"],
    "education": ["graduate school", "high school", "others", "university"],
    "marriage": ["married", "others", "single"],
}
# What EvaluateRisk said of the first rows.
VERDICTS = caller.KEYS / "verdicts.json"


def fixture():
    """A LightGBM file, its features, and rows whose texts it knows with the predictions of LightGBM itself."""
    file = (FIXTURES / "lightgbm-binary.txt").read_bytes()
    names = next(line for line in file.decode().splitlines() if line.startswith("feature_names="))
    names = names.removeprefix("feature_names=").split(" ")
    expected = json.loads((FIXTURES / "lightgbm-binary.expected.json").read_text())
    rows = [
        (dict(zip(names, row)), prediction)
        for row, prediction in zip(expected["rows"], expected["prediction"])
        if all(value is not None and 0 <= value < len(texts) for value, texts in zip(row[-3:], CATEGORIES.values()))
    ]
    return file, names, rows
