"""Make simulated events, and export what the server knows before each of them: `features-{set}-{seed}.csv` in a folder.

Everything goes through the real calls of a server of its own: `riskport simulate` makes the events, `riskport replay
--only-record` loads them with frauds known as late as is asked for, `riskport export features` writes the features of the live
path. A training set has the frauds of the variant `training`; a test set has the same people later, with the frauds of the
variant `unseen`: other rings, speeds and hours.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = """examples:
  # the sets that the committed model was made of, and the figures of its card
  python events.py --riskport ../../target/release/riskport --out /tmp/fraud

  # a small one, to try
  python events.py --riskport ../../target/release/riskport --out /tmp/small --seeds 1 --customers 1500
"""

TRAINING_DAYS, TEST_DAYS = 45, 30
TEST_START = "2026-02-15"  # The day after the training events end.
# Set, variant, days, first day, after how many days frauds become known.
SETS = [
    ("train", "training", TRAINING_DAYS, "2026-01-01", 7),
    ("test-7d", "unseen", TEST_DAYS, TEST_START, 7),
    ("test-1d", "unseen", TEST_DAYS, TEST_START, 1),
]


class Server:
    """A server of its own on a database that goes with it."""

    def __init__(self, riskport: Path, folder: Path):
        self.riskport, self.folder = riskport, folder
        self.operator = folder / "operator.pem"
        run(riskport, "key", "operator", "--data-dir", folder / "data", "--out", self.operator)
        command = [riskport, "serve", "--listen", "127.0.0.1:0", "--log", "error", "--data-dir", folder / "data"]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = "http://" + re.search(r"listens on (\S+)", line).group(1)

    def sandbox(self, tenant: str) -> list:
        """Onboard a sandbox whose clock is its events, and tell how to call as it."""
        operator = ["--server", self.url, "--key", self.operator]
        mode = ["--mode", "sandbox-event-clock", "--time-zone", "Asia/Shanghai", "--rate", "100000"]
        run(self.riskport, "tenant", "create", tenant, *mode, *operator)
        key, jwk = self.folder / f"{tenant}.pem", self.folder / f"{tenant}.jwk"
        jwk.write_text(run(self.riskport, "key", "new", "--out", key))
        run(self.riskport, "tenant", "add-key", tenant, "--jwk", jwk, *operator)
        return ["--server", self.url, "--key", key, "--as", tenant]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def run(*command) -> str:
    """Run a command, and give what it printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def make(riskport: Path, out: Path, seed: int, customers: int, features: list[str]):
    """Make and export the sets of one seed."""
    with tempfile.TemporaryDirectory(dir=out) as folder:
        folder = Path(folder)
        server = Server(riskport, folder)
        for name, variant, days, start, delay in SETS:
            events = folder / f"{name}.csv"
            shape = ["--seed", seed, "--days", days, "--start", start, "--customers", customers, "--variant", variant]
            print(run(riskport, "simulate", *shape, "--out", events))
            caller = server.sandbox(f"{name}-{seed}")
            print(run(riskport, "replay", events, "--only-record", "--label-delay", delay, *caller), end="")
            # What became of each event is in the file; the export knows what was reported only.
            exported = out / f"features-{name}-{seed}.csv"
            only = ["--features", ",".join(features)] if features else []
            print(run(riskport, "export", "features", "--out", exported, *only, *caller), end="")
            os.replace(events, out / f"events-{name}-{seed}.csv")
        server.stop()


def main():
    parser = argparse.ArgumentParser(
        description="Make simulated events and export their features.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--riskport", type=Path, required=True, help="the program, optimised")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--customers", type=int, default=6_000)
    parser.add_argument("--features", type=Path, help="file with the features to export, one a line [default: all]")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    features = arguments.features.read_text().split() if arguments.features else []
    for seed in arguments.seeds:
        make(arguments.riskport.resolve(), arguments.out, seed, arguments.customers, features)


if __name__ == "__main__":
    main()
