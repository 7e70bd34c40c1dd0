"""Write the rows that both credit models were trained on as CSV, for `riskport model profile`.

They are the 21,000 clients of the training split as the data has them: each once, with nothing blanked. Run it with --help
for examples. Equal inputs give byte-identical outputs.
"""

import argparse
import json
import tempfile
from pathlib import Path

from characteristics import candidates
from data import TARGET_COLUMN, feature_rows, load_data, split

EXAMPLES = """examples:
  python training_rows.py --out /tmp/training.csv

  # keep the download for the next run
  python training_rows.py --cache ~/.cache/riskport-credit --out /tmp/training.csv
"""


def main() -> None:
    """Write the rows from the command line."""
    parser = argparse.ArgumentParser(
        description="Write the training rows of the credit models as CSV.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cache", type=Path, help="directory that keeps the downloaded package (default: a temporary one)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data = load_data(arguments.cache or Path(temporary))
    file = json.loads((Path(__file__).parent / "scorecard.json").read_text(encoding="utf-8"))
    names = [one["name"] for one in file["characteristics"]]
    rows, bad = feature_rows(data, candidates()), data[TARGET_COLUMN].astype(int).to_numpy()
    inside, _ = split(bad)
    rows.iloc[inside][names].to_csv(arguments.out, index=False)


if __name__ == "__main__":
    main()
