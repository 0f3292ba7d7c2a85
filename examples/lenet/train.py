"""Trains LeNet-5 on the digits enlarged to 28x28 and writes lenet.onnx and the samples beside this file."""

import sys
from pathlib import Path

import jax
import numpy as np

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from common import SEED, Graph, cross_entropy, digits, fit, pick, report, uniform, write_samples

SIDE = 28
CALIBRATION, TEST = 48, 32
# Output and input channels and the padding of a 5x5 convolution; outputs and inputs of a dense layer.
CONVOLUTIONS = ((6, 1, 2), (16, 6, 0))
DENSE = ((120, 400), (84, 120), (10, 84))


def enlarge(images, centre, zoom):
    """8x8 images of 0..16 as (1, 28, 28) integers from 0 to 255, bilinear; what lies outside is 0. Each has its `centre` and `zoom`."""
    padded = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1))).astype(float)

    def weights(centre):
        """(images, 28, 10): what each padded row or column adds to each new one."""
        position = (np.arange(SIDE) - (SIDE - 1) / 2) * 8 / SIDE / zoom[:, None] + centre[:, None] + 4.5
        return np.maximum(0, 1 - abs(position[..., None] - np.arange(10)))

    large = np.einsum("nrp,npq,ncq->nrc", weights(centre[:, 0]), padded, weights(centre[:, 1]))
    return np.rint(large[:, None] * 255 / 16).astype(int)


def plain(images):
    return enlarge(images, np.zeros((len(images), 2)), np.ones(len(images)))


def jittered(images, rng):
    """Moved by up to a pixel of the small image, and up to an eighth larger or smaller."""
    return enlarge(images, rng.uniform(-1, 1, (len(images), 2)), rng.uniform(7 / 8, 9 / 8, len(images)))


def network(p, x):
    x = x / 255
    for index, (_, _, padding) in enumerate(CONVOLUTIONS):
        w, b = p[index]
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, w, (1, 1), [(padding, padding)] * 2) + b[None, :, None, None])
        x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    x = x.reshape(len(x), -1)
    for index, (w, b) in enumerate(p[len(CONVOLUTIONS) :]):
        x = x @ w.T + b
        x = x if index == len(DENSE) - 1 else jax.nn.relu(x)
    return x


def write(p):
    g = Graph("lenet", "x", [1, 1, SIDE, SIDE])
    v = g.node("Div", ["x", g.constant("white", 255.0)], "scale")
    for index, (_, _, padding) in enumerate(CONVOLUTIONS):
        layer = index + 1
        w, b = (g.constant(f"conv{layer}_{name}", value) for name, value in zip("wb", p[index]))
        v = g.node("Conv", [v, w, b], f"conv{layer}", kernel_shape=[5, 5], pads=[padding] * 4)
        v = g.node("Relu", [v], f"relu{layer}")
        v = g.node("MaxPool", [v], f"pool{layer}", kernel_shape=[2, 2], strides=[2, 2])
    v = g.node("Flatten", [v], "flatten")
    for index, values in enumerate(p[len(CONVOLUTIONS) :]):
        layer = len(CONVOLUTIONS) + index + 1
        last = index == len(DENSE) - 1
        w, b = (g.constant(f"dense{layer}_{name}", value) for name, value in zip("wb", values))
        v = g.node("Gemm", [v, w, b], f"dense{layer}", ["logits"] if last else None, transB=1)
        v = v if last else g.node("Relu", [v], f"relu{layer}")
    g.classes(v, 10)
    g.save(HERE / "lenet.onnx")


def main():
    x, y, x_test, y_test = digits()
    rng = np.random.default_rng(SEED)
    start = [(uniform(rng, i * 25, o, i, 5, 5), np.zeros(o, np.float32)) for o, i, _ in CONVOLUTIONS]
    start += [(uniform(rng, i, o, i), np.zeros(o, np.float32)) for o, i in DENSE]
    write(fit(lambda p, x, y: cross_entropy(network(p, x), y), start, x, y, epochs=30, augment=jittered))
    report(HERE / "lenet.onnx", (plain(x), y), (plain(x_test), y_test))
    write_samples(HERE / "calibration.json", "x", pick(plain(x), CALIBRATION))
    write_samples(HERE / "test.json", "x", pick(plain(x_test), TEST))
    (HERE / "labels.json").write_text(str(pick(y_test, TEST).tolist()).replace(" ", "") + "\n")


if __name__ == "__main__":
    main()
