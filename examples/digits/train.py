"""Trains three networks on 8x8 digits: digits.onnx (convolutions), mlp.onnx and forest.onnx, and writes the samples beside them."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from onnx import helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from common import SEED, Graph, cross_entropy, digits, fit, pick, report, save, uniform, write_samples

CALIBRATION = 256
EPSILON = 1e-5


def convolve(x, w):
    return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME")


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def channels(x):
    return x[None, :, None, None]


def statistics(x):
    return x.mean((0, 2, 3)), x.var((0, 2, 3))


def network(p, x, norm=None):
    """The logits. `norm` is the mean and variance of the first convolution's channels, by default those of the batch itself."""
    x = convolve(x.reshape(-1, 1, 8, 8) / 16, p["conv1"])
    mean, variance = norm or statistics(x)
    x = (x - channels(mean)) / jnp.sqrt(channels(variance) + EPSILON) * channels(p["gamma"]) + channels(p["beta"])
    x = pool(jax.nn.relu(x))
    x = pool(jax.nn.relu(convolve(x, p["conv2"]) + channels(p["bias2"])))
    return x.reshape(len(x), -1) @ p["w"].T + p["b"]


def convolutional(x, y):
    rng = np.random.default_rng(SEED)
    start = {
        "conv1": uniform(rng, 9, 8, 1, 3, 3),
        "gamma": np.ones(8, np.float32),
        "beta": np.zeros(8, np.float32),
        "conv2": uniform(rng, 72, 16, 8, 3, 3),
        "bias2": np.zeros(16, np.float32),
        "w": uniform(rng, 64, 10, 64),
        "b": np.zeros(10, np.float32),
    }
    p = fit(lambda p, x, y: cross_entropy(network(p, x), y), start, x, y, epochs=60)
    # In use, the normalisation takes the mean and variance over all training images.
    mean, variance = statistics(convolve(x.reshape(-1, 1, 8, 8) / 16, p["conv1"]))

    g = Graph("digits", "x", [1, 64])
    image = g.node("Reshape", ["x", g.constant("image_shape", np.array([1, 1, 8, 8]))], "image")
    v = g.node("Mul", [image, g.constant("sixteenth", 1 / 16)], "scale")
    v = g.node("Conv", [v, g.constant("conv1_w", p["conv1"])], "conv1", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    norm = [("gamma", p["gamma"]), ("beta", p["beta"]), ("mean", mean), ("variance", variance)]
    v = g.node("BatchNormalization", [v] + [g.constant(f"norm1_{name}", value) for name, value in norm], "norm1", epsilon=EPSILON)
    v = g.node("Relu", [v], "relu1")
    v = g.node("MaxPool", [v], "pool1", kernel_shape=[2, 2], strides=[2, 2])
    w, b = g.constant("conv2_w", p["conv2"]), g.constant("conv2_b", p["bias2"])
    v = g.node("Conv", [v, w, b], "conv2", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    v = g.node("Relu", [v], "relu2")
    v = g.node("MaxPool", [v], "pool2", kernel_shape=[2, 2], strides=[2, 2])
    v = g.node("Flatten", [v], "flatten")
    v = g.node("Gemm", [v, g.constant("dense_w", p["w"]), g.constant("dense_b", p["b"])], "dense", ["logits"], transB=1)
    g.classes(v, 10)
    g.save(HERE / "digits.onnx")


def dense(x, y):
    model = MLPClassifier((64, 32), alpha=1e-2, batch_size=32, max_iter=60, random_state=SEED).fit(x / 16, y)
    g = Graph("mlp", "x", [1, 64])
    v = g.node("Div", ["x", g.constant("sixteen", 16.0)], "scale")
    for layer, (w, b) in enumerate(zip(model.coefs_, model.intercepts_), start=1):
        last = layer == len(model.coefs_)
        w, b = g.constant(f"w{layer}", w.T), g.constant(f"b{layer}", b)
        v = g.node("Gemm", [v, w, b], f"dense{layer}", ["logits"] if last else None, transB=1)
        v = v if last else g.node("Relu", [v], f"relu{layer}")
    g.classes(v, 10)
    g.save(HERE / "mlp.onnx")


def forest(x, y):
    model = RandomForestClassifier(30, max_depth=8, random_state=SEED).fit(x, y)
    graph = to_onnx(
        model,
        initial_types=[("x", FloatTensorType([1, 64]))],
        options={"zipmap": False},
        target_opset=13,
        name="forest",
    )
    graph.ir_version = 8
    # The converter names the default domain twice.
    versions = {domain.domain: domain.version for domain in graph.opset_import}
    del graph.opset_import[:]
    graph.opset_import.extend(helper.make_opsetid(*version) for version in versions.items())
    save(graph, HERE / "forest.onnx")


def main():
    x, y, x_test, y_test = digits()
    convolutional(x, y)
    dense(x, y)
    forest(x, y)
    for name in ("digits", "mlp", "forest"):
        # The logits of the two networks, the label of the forest.
        report(HERE / f"{name}.onnx", (x, y), (x_test, y_test))
    write_samples(HERE / "calibration.json", "x", pick(x, CALIBRATION))
    write_samples(HERE / "test.json", "x", x_test)
    (HERE / "labels.json").write_text(str(y_test.tolist()).replace(" ", "") + "\n")


if __name__ == "__main__":
    main()
