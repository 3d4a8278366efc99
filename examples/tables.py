"""Write two small real data sets as CSV files: digits (classification) and diabetes (regression).

Where you are, or in a directory:

    python examples/tables.py [directory]
"""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_diabetes, load_digits


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    write(directory / "digits.csv", load_digits(), "digit")
    write(directory / "diabetes.csv", load_diabetes(), "progression")


def write(file: Path, data: dict, target: str) -> None:  # type: ignore[type-arg]  # scikit-learn's Bunch
    with file.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow([*data["feature_names"], target])
        rows.writerows([*features, wanted] for features, wanted in zip(data["data"], data["target"], strict=True))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
