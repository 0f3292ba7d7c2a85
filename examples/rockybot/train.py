"""Trains the example network and writes rockybot.onnx, calibration.json, test.json and input.json beside this file.

Run by hand:  pip install -r requirements.txt && python train.py
The results are committed; nothing in the build or the tests needs Python.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier

from features import CLASSES, HOURS, features, labels, read_prices, samples

HERE = Path(__file__).parent
SEED = 7
# The last hour whose price the training sees. `train_until` of a strategy on this net is this hour.
TRAIN_UNTIL = "2022-05-04T00:00:00Z"
LAYERS = (128, 64)
CALIBRATION, TEST = 512, 256


def fit(x, y):
    """A classifier on features in units of their spread; the spread is folded into the first layer afterwards."""
    spread = x.std()
    model = MLPClassifier(LAYERS, alpha=1e-3, batch_size=128, max_iter=60, early_stopping=True, random_state=SEED)
    model.fit(x / spread, y)
    weights = [w.astype(np.float64) for w in model.coefs_]
    weights[0] /= spread
    return weights, model.intercepts_, model


def to_onnx(weights, biases):
    """Gemm, Relu, Gemm, Relu, Gemm, and ArgMax beside the logits."""
    nodes, initialisers, value = [], [], "features"
    for layer, (w, b) in enumerate(zip(weights, biases), start=1):
        last = layer == len(weights)
        initialisers += [numpy_helper.from_array(a.astype(np.float32), f"{n}{layer}") for n, a in (("w", w.T), ("b", b))]
        output = "logits" if last else f"dense{layer}_out"
        nodes.append(helper.make_node("Gemm", [value, f"w{layer}", f"b{layer}"], [output], f"dense{layer}", transB=1))
        value = output
        if not last:
            nodes.append(helper.make_node("Relu", [value], [f"relu{layer}_out"], f"relu{layer}"))
            value = f"relu{layer}_out"
    nodes.append(helper.make_node("ArgMax", ["logits"], ["class"], "argmax", axis=1, keepdims=0))
    graph = helper.make_graph(
        nodes,
        "rockybot",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, HOURS])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES]),
            helper.make_tensor_value_info("class", TensorProto.INT64, [1]),
        ],
        initialisers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def write_samples(path, rows):
    text = ",\n".join("  [" + ", ".join(f"{value:.2f}" for value in row) + "]" for row in rows)
    path.write_text('{"features": [\n' + text + "\n]}\n")
    json.loads(path.read_text())


def report(period, model, x, y, usual):
    right = {"classes right": model.score(x, y), "always the most frequent class of training": np.mean(y == usual)}
    print(f"{period}, {len(x)} hours:", ", ".join(f"{name} {share:.2%}" for name, share in right.items()))


def main():
    hours, prices = read_prices(HERE / "prices.csv")
    places = samples(prices)
    x, y = features(prices, places), labels(prices, places)
    # Neither the features nor the label of a training sample come from after TRAIN_UNTIL. Calibration is drawn from these, the test set
    # from the samples that follow.
    split = np.count_nonzero(hours[places + 1] <= np.datetime64(TRAIN_UNTIL.removesuffix("Z"), "h"))
    weights, biases, model = fit(x[:split], y[:split])
    onnx.save(to_onnx(weights, biases), HERE / "rockybot.onnx")
    spread, usual = x[:split].std(), np.bincount(y[:split]).argmax()
    report("trained on", model, x[:split] / spread, y[:split], usual)
    report("afterwards", model, x[split:] / spread, y[split:], usual)
    pick = np.random.default_rng(SEED)
    write_samples(HERE / "calibration.json", x[np.sort(pick.choice(split, CALIBRATION, replace=False))])
    test = x[split + np.sort(pick.choice(len(x) - split, TEST, replace=False))]
    write_samples(HERE / "test.json", test)
    write_samples(HERE / "input.json", test[:1])


if __name__ == "__main__":
    main()
