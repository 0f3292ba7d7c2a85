"""Takes scikit-learn's pipelines on its tables through export, `maat transpile` and `maat run`, and compares each with onnxruntime.

    pip install -r examples/tables/requirements.txt
    cargo build --release
    python examples/tables/tables.py                      # --maat PATH, --keep DIR, --only wine

Exits with 1 if a pipeline misses its bound, with 2 if one cannot be taken through at all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn import datasets
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).parents[2]
SEED = 7
HELD_OUT = 0.4
# Of the held-out samples, at least this share must get onnxruntime's class.
LEAST_AGREEMENT = 0.995
# On no held-out sample may a regression be farther from onnxruntime than this share of its outputs' range.
GREATEST_ERROR = 0.001

TABLES = {
    "breast cancer": datasets.load_breast_cancer,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    # As it was measured: years, mg/dl and so on.
    "diabetes": lambda **options: datasets.load_diabetes(scaled=False, **options),
}
REGRESSIONS = {"diabetes"}

CLASSIFIERS = {
    "logistic regression": lambda: LogisticRegression(max_iter=5000),
    "scaler, logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "random forest": lambda: RandomForestClassifier(random_state=SEED),
    "gradient boosting": lambda: GradientBoostingClassifier(random_state=SEED),
    "scaler, MLP": lambda: make_pipeline(StandardScaler(), MLPClassifier((32, 16), max_iter=2000, random_state=SEED)),
}
REGRESSORS = {
    "linear regression": lambda: Ridge(),
    "scaler, linear regression": lambda: make_pipeline(StandardScaler(), Ridge()),
    # Trees of any depth have a leaf for nearly every row, which is more than a program can hold.
    "random forest": lambda: RandomForestRegressor(max_depth=6, n_estimators=50, random_state=SEED),
    "gradient boosting": lambda: GradientBoostingRegressor(random_state=SEED),
    "scaler, MLP": lambda: make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(32, 16), max_iter=2000, random_state=SEED)),
}


@dataclass
class Row:
    """How one pipeline came through."""

    table: str
    pipeline: str
    samples: int
    # What is judged: the share of equal classes, or the greatest error as a share of the range.
    value: float
    # The same on the samples that scales were chosen by.
    calibration: float
    holds: bool
    # Of the real-valued output, probabilities or predictions: the greatest difference on held-out samples.
    difference: float


class Failed(Exception):
    """A verb of Maat that did not succeed."""


def maat(binary, *arguments):
    """The JSON that a verb of Maat gives."""
    done = subprocess.run([binary, "--json", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"maat {arguments[0]}: {(done.stderr or done.stdout).strip()}")
    return json.loads(done.stdout)


def export(pipeline, columns):
    """The pipeline as ONNX with one row of inputs: probabilities as one tensor instead of a list of dictionaries, which is not a tensor."""
    kind = [("x", FloatTensorType([1, columns]))]
    options = {"zipmap": False} if hasattr(pipeline, "predict_proba") else None
    return to_onnx(pipeline, initial_types=kind, options=options, target_opset={"": 18, "ai.onnx.ml": 3})


def reference(path, rows):
    """The outputs of onnxruntime by name, a row for each sample."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    results = [session.run(None, {"x": row[None]}) for row in rows]
    return {name: np.stack([np.reshape(result[place], -1) for result in results]) for place, name in enumerate(names)}


def integers(binary, package, path, samples):
    """The outputs of the package's integers by name, a row for each sample."""
    outputs = maat(binary, "run", package, "--input", path)["outputs"]
    return {name: np.reshape(output["values"], (samples, -1)) for name, output in outputs.items()}


def measure(binary, folder, table, name, pipeline):
    x, y = TABLES[table](return_X_y=True)
    x = x.astype(np.float32)
    regression = table in REGRESSIONS
    parts = train_test_split(x, y, test_size=HELD_OUT, random_state=SEED, stratify=None if regression else y)
    x_train, x_test, y_train, _ = parts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline.fit(x_train, y_train)

    model, package = folder / "model.onnx", folder / "package"
    onnx.save(export(pipeline, x.shape[1]), model)
    files = {"calibration": x_train, "test": x_test}
    for part, rows in files.items():
        np.save(folder / f"{part}.npy", rows)
    maat(binary, "transpile", model, "--calibration", folder / "calibration.npy", "-o", package)

    expected = {part: reference(model, rows) for part, rows in files.items()}
    found = {part: integers(binary, package, folder / f"{part}.npy", len(rows)) for part, rows in files.items()}
    real = "variable" if regression else "probabilities"
    spread = np.ptp(np.concatenate([expected[part][real] for part in files]))

    def error(part):
        return float(np.abs(found[part][real] - expected[part][real]).max())

    def judged(part):
        if regression:
            return error(part) / float(spread)
        return float(np.mean(found[part]["label"] == expected[part]["label"]))

    value = judged("test")
    holds = value <= GREATEST_ERROR if regression else value >= LEAST_AGREEMENT
    return Row(table, name, len(x_test), value, judged("calibration"), holds, error("test"))


COLUMNS = "{:<14} {:<28} {:>8}  {:<24} {:>14} {:>19}"


def line(row):
    digits, meaning = (3, "of the range off") if row.table in REGRESSIONS else (2, "equal classes")
    value, calibration = f"{row.value:.{digits}%} {meaning}", f"{row.calibration:.{digits}%}"
    text = COLUMNS.format(row.table, row.pipeline, row.samples, value, calibration, f"{row.difference:.6f}")
    return text if row.holds else f"{text}   MISSES"


def main():
    parser = argparse.ArgumentParser(description="Compares scikit-learn's pipelines as integers with onnxruntime.")
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "maat"
    parser.add_argument("--maat", default=built, type=Path, help=f"the binary (default: {built})")
    parser.add_argument("--keep", type=Path, help="keep models, samples and packages in this folder")
    parser.add_argument("--only", default="", help="only rows with this in table or pipeline")
    arguments = parser.parse_args()
    if not arguments.maat.is_file():
        parser.error(f"{arguments.maat} is not there: run `cargo build --release`, or name the binary with --maat")

    rows, failures = [], []
    print(COLUMNS.format("table", "pipeline", "held out", "against onnxruntime", "on calibration", "greatest difference"), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for table in TABLES:
            for name, make in (REGRESSORS if table in REGRESSIONS else CLASSIFIERS).items():
                if arguments.only not in f"{table}: {name}":
                    continue
                folder = (arguments.keep or Path(temporary)) / f"{table}-{name}".replace(", ", "-").replace(" ", "-")
                folder.mkdir(parents=True, exist_ok=True)
                try:
                    rows.append(measure(arguments.maat, folder, table, name, make()))
                    print(line(rows[-1]), flush=True)
                except Failed as error:
                    failures.append(f"{table}, {name}: {error}")
                    print(failures[-1], flush=True)
    if not rows and not failures:
        parser.error(f"no row has {arguments.only!r} in it")
    missed = [row for row in rows if not row.holds]
    print(f"\n{len(rows) - len(missed)} of {len(rows) + len(failures)} pipelines keep what onnxruntime computes")
    return 2 if failures else 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
