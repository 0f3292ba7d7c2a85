"""Trains a transformer encoder block that reads a digit row by row and writes transformer.onnx and the samples beside this file."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from common import SEED, Graph, cross_entropy, digits, fit, pick, report, uniform, write_samples

ROWS, PIXELS = 8, 8
WIDTH, HEADS, HIDDEN = 16, 2, 32
HEAD = WIDTH // HEADS
EPSILON = 1e-5
CALIBRATION, TEST = 128, 128


def normalise(x, scale, shift):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * scale + shift


def attention(p, x):
    """Each row of the image looks at all rows, in each head separately."""

    def heads(name):
        return (x @ p[name] + p[f"{name}_b"]).reshape(-1, ROWS, HEADS, HEAD).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.sqrt(HEAD)
    mixed = (jax.nn.softmax(scores, axis=-1) @ heads("value")).transpose(0, 2, 1, 3)
    return mixed.reshape(-1, ROWS, WIDTH) @ p["mix"] + p["mix_b"]


def network(p, x):
    x = x.reshape(-1, ROWS, PIXELS) / 16 @ p["embed"] + p["position"]
    x = normalise(x + attention(p, x), p["norm1"], p["norm1_b"])
    hidden = jax.nn.gelu(x @ p["up"] + p["up_b"], approximate=False)
    x = normalise(x + hidden @ p["down"] + p["down_b"], p["norm2"], p["norm2_b"])
    return x.mean(1) @ p["head"] + p["head_b"]


def write(p):
    g = Graph("transformer", "x", [1, ROWS * PIXELS])

    def dense(value, name):
        product = g.node("MatMul", [value, g.constant(f"{name}_w", p[name])], f"{name}_matmul")
        return g.node("Add", [product, g.constant(f"{name}_b", p[f"{name}_b"])], f"{name}_add")

    def shape(name, *sizes):
        return g.constant(f"{name}_shape", np.array(sizes))

    def norm(value, branch, name):
        total = g.node("Add", [value, branch], f"{name}_residual")
        inputs = [total, g.constant(f"{name}_scale", p[name]), g.constant(f"{name}_shift", p[f"{name}_b"])]
        return g.node("LayerNormalization", inputs, name, axis=-1, epsilon=EPSILON)

    v = g.node("Reshape", ["x", shape("rows", 1, ROWS, PIXELS)], "rows")
    v = g.node("Mul", [v, g.constant("sixteenth", 1 / 16)], "scale")
    v = g.node("MatMul", [v, g.constant("embed_w", p["embed"])], "embed")
    v = g.node("Add", [v, g.constant("position_b", p["position"])], "position")

    split = shape("split", 1, ROWS, HEADS, HEAD)
    orders = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    query, key, value = (
        g.node("Transpose", [g.node("Reshape", [dense(v, name), split], f"{name}_split")], f"{name}_heads", perm=order)
        for name, order in orders.items()
    )
    scores = g.node("MatMul", [query, key], "scores")
    scores = g.node("Mul", [scores, g.constant("temperature", 1 / np.sqrt(HEAD))], "scores_scale")
    weights = g.node("Softmax", [scores], "softmax", axis=-1)
    mixed = g.node("Transpose", [g.node("MatMul", [weights, value], "mixed")], "mixed_rows", perm=[0, 2, 1, 3])
    mixed = g.node("Reshape", [mixed, shape("merge", 1, ROWS, WIDTH)], "merge")
    v = norm(v, dense(mixed, "mix"), "norm1")

    # Gelu as exporters write it: x * (1 + erf(x / sqrt(2))) / 2.
    up = dense(v, "up")
    erf = g.node("Erf", [g.node("Div", [up, g.constant("sqrt2", np.sqrt(2.0))], "gelu_div")], "gelu_erf")
    gate = g.node("Add", [erf, g.constant("one", 1.0)], "gelu_add")
    gelu = g.node("Mul", [g.node("Mul", [up, gate], "gelu_gate"), g.constant("half", 0.5)], "gelu_half")
    v = norm(v, dense(gelu, "down"), "norm2")

    v = g.node("ReduceMean", [v], "mean", axes=[1], keepdims=0)
    g.node("Gemm", [v, g.constant("head_w", p["head"]), g.constant("head_b", p["head_b"])], "head", ["logits"])
    g.classes("logits", 10)
    g.save(HERE / "transformer.onnx", opset=17)


def main():
    x, y, x_test, y_test = digits()
    rng = np.random.default_rng(SEED)
    start = {"position": uniform(rng, WIDTH, ROWS, WIDTH), "embed": uniform(rng, PIXELS, PIXELS, WIDTH)}
    square = {name: (WIDTH, WIDTH) for name in ("query", "key", "value", "mix")}
    for name, sizes in {**square, "up": (WIDTH, HIDDEN), "down": (HIDDEN, WIDTH), "head": (WIDTH, 10)}.items():
        # Half the usual variance: nothing here follows a Relu.
        start[name] = uniform(rng, 2 * sizes[0], *sizes)
        start[f"{name}_b"] = np.zeros(sizes[1], np.float32)
    for name in ("norm1", "norm2"):
        start[name], start[f"{name}_b"] = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    write(fit(lambda p, x, y: cross_entropy(network(p, x), y), start, x, y, epochs=150, rate=5e-3))
    report(HERE / "transformer.onnx", (x, y), (x_test, y_test))
    write_samples(HERE / "calibration.json", "x", pick(x, CALIBRATION))
    write_samples(HERE / "test.json", "x", pick(x_test, TEST))
    (HERE / "labels.json").write_text(str(pick(y_test, TEST).tolist()).replace(" ", "") + "\n")


if __name__ == "__main__":
    main()
