"""Write small real data sets, where you are or in a directory:

    python examples/tables.py [directory]

`tumours.csv`: is a tumour malignant or benign, by 30 measurements of its cells. `new-tumours.csv`: twenty of them that
are not in it, without the diagnosis. `diabetes.csv`: how far the illness will be in a year. `digits.npz`: handwritten
digits, as images of 8 by 8 pixels. All come with scikit-learn.
"""

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

NEW = 20


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    tumours, diabetes, digits = load_breast_cancer(), load_diabetes(), load_digits()
    names = [str(name).replace(" ", "_") for name in tumours.feature_names]
    known = [[*row, tumours.target_names[kind]] for row, kind in zip(tumours.data, tumours.target, strict=True)]
    write(directory / "tumours.csv", [*names, "diagnosis"], known[NEW:])
    write(directory / "new-tumours.csv", names, [row[:-1] for row in known[:NEW]])
    rows = np.column_stack([diabetes.data, diabetes.target])
    write(directory / "diabetes.csv", [*diabetes.feature_names, "progression"], rows)
    np.savez(directory / "digits.npz", X=digits.images, y=digits.target)


def write(file: Path, heading: list[str], rows: Iterable[Iterable[object]]) -> None:
    with file.open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow(heading)
        table.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
