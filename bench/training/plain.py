"""The scripts: each reads the table, splits it, trains, measures, and keeps the model. Nothing here knows Paceline.

    python -m bench.training.plain random_forest table.parquet '{"trees": 100}' model

Prints the accuracy on the rows it has not learned from. They use all processors that they may.
"""

import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from sklearn.model_selection import train_test_split


def random_forest(parts: list[np.ndarray], params: Mapping[str, Any], file: Path) -> float:
    import skops.io  # noqa: PLC0415 - each script imports what it is about
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415
    from sklearn.metrics import accuracy_score  # noqa: PLC0415

    x, x_held, y, y_held = parts
    forest = RandomForestClassifier(params["trees"], max_depth=params["max_depth"], random_state=0, n_jobs=-1)
    forest.fit(x, y)
    print(f"accuracy while learning {accuracy_score(y, forest.predict(x)):.4f}", file=sys.stderr)
    skops.io.dump(forest, file, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    return float(accuracy_score(y_held, forest.predict(x_held)))


def xgboost(parts: list[np.ndarray], params: Mapping[str, Any], file: Path) -> float:
    import xgboost as xgb  # noqa: PLC0415
    from sklearn.metrics import accuracy_score  # noqa: PLC0415

    x, x_held, y, y_held = (part.astype(np.float32) for part in parts)
    learned, held = xgb.DMatrix(x, y), xgb.DMatrix(x_held, y_held)
    wanted = {"objective": "binary:logistic", "eval_metric": ["logloss", "error"], "seed": 0}
    wanted |= {"max_depth": params["max_depth"], "learning_rate": params["learning_rate"]}
    evals = [(learned, "train"), (held, "validation")]
    booster = xgb.train(wanted, learned, params["rounds"], evals=evals, verbose_eval=200)
    booster.save_model(file.with_suffix(".ubj"))
    return float(accuracy_score(y_held, booster.predict(held) > 0.5))


def neural_network(parts: list[np.ndarray], params: Mapping[str, Any], file: Path) -> float:
    import torch  # noqa: PLC0415
    from safetensors.torch import save_file  # noqa: PLC0415
    from sklearn.metrics import accuracy_score  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415

    scaler = StandardScaler()
    x, x_held = (
        torch.tensor(a, dtype=torch.float32) for a in (scaler.fit_transform(parts[0]), scaler.transform(parts[1]))
    )
    y, y_held = torch.tensor(parts[2]), parts[3]
    torch.manual_seed(0)
    first, second = params["hidden"]
    model = nn.Sequential(
        *(nn.Linear(x.shape[1], first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), nn.Linear(second, 2))
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=params["learning_rate"])
    accuracy = 0.0
    for epoch in range(params["epochs"]):
        model.train()
        for rows in torch.randperm(len(y), generator=torch.Generator().manual_seed(epoch)).split(params["batch_size"]):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            said = model(x_held)
        accuracy = float(accuracy_score(y_held, said.argmax(axis=1)))
        val_loss = nn.functional.cross_entropy(said, torch.tensor(y_held)).item()
        print(f"epoch {epoch} loss {loss.item():.4f} val_loss {val_loss:.4f} accuracy {accuracy:.4f}", file=sys.stderr)
    save_file(model.state_dict(), file)
    return accuracy


def main(name: str, table: str, params: str, file: str) -> None:
    columns = pq.read_table(table)
    x = np.column_stack([columns.column(each).to_numpy() for each in columns.column_names[:-1]])
    y = columns.column("y").to_numpy()
    parts = train_test_split(x, y, test_size=round(len(y) * 0.2), random_state=0, stratify=y)
    script = {"random_forest": random_forest, "xgboost": xgboost, "neural_network": neural_network}[name]
    print(script(parts, json.loads(params), Path(file)))


if __name__ == "__main__":
    main(*sys.argv[1:])
