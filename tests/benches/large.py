"""Large networks with random weights, for the figures of `maat transpile` in docs/benchmarks.md: python large.py FOLDER

Needs onnx 1.20.0 and numpy. Writes FOLDER/NAME.onnx and NAME.npz with samples: dense layers (mlp, mlp_1m, mlp_4m), ResNet-18 and MobileNetV2,
both for 224 x 224 pixels, their batch normalisations folded. The weights follow from a seed, so the files are the same every time.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)


class Network:
    """A graph that is made node by node; `x` is its input and `y` its output."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def normal(self, shape, inputs):
        return self.weight(RANDOM.standard_normal(shape) * (2 / inputs) ** 0.5)

    def node(self, operator, inputs, output=None, **attributes):
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=f"{operator.lower()}_{output}", **attributes))
        return output

    def conv(self, x, shape, stride=1, groups=1, act=None):
        outputs, inputs, size = shape
        weights = self.normal((outputs, inputs // groups, size, size), inputs // groups * size * size)
        bias = self.weight(RANDOM.standard_normal(outputs) * 0.1)
        pads = [size // 2] * 4
        y = self.node("Conv", [x, weights, bias], kernel_shape=[size, size], strides=[stride] * 2, pads=pads, group=groups)
        if act == "Clip":
            return self.node("Clip", [y, self.weight(0), self.weight(6)])
        return self.node(act, [y]) if act else y

    def dense(self, x, inputs, outputs, output=None):
        weights, bias = self.normal((inputs, outputs), inputs), self.weight(RANDOM.standard_normal(outputs) * 0.1)
        return self.node("Gemm", [x, weights, bias], output)

    def classes(self, x, channels):
        self.dense(self.node("Flatten", [self.node("GlobalAveragePool", [x])]), channels, 1000, "y")

    def save(self, path, shape, outputs, samples):
        port = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "network", [port("x", shape)], [port("y", [1, outputs])], self.weights)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path.with_suffix(".onnx"))
        np.savez(path.with_suffix(".npz"), x=RANDOM.standard_normal([samples, *shape[1:]]).astype(np.float32))


def mlp(path, sizes):
    network, x = Network(), "x"
    for inputs, outputs in zip(sizes, sizes[1:-1]):
        x = network.node("Relu", [network.dense(x, inputs, outputs)])
    network.dense(x, *sizes[-2:], "y")
    network.save(path, [1, sizes[0]], sizes[-1], 48)


def resnet18(path):
    network = Network()
    x = network.conv("x", (64, 3, 7), 2, act="Relu")
    x = network.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    inputs = 64
    for outputs, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        past = x if inputs == outputs else network.conv(x, (outputs, inputs, 1), stride)
        y = network.conv(network.conv(x, (outputs, inputs, 3), stride, act="Relu"), (outputs, outputs, 3))
        x, inputs = network.node("Relu", [network.node("Add", [y, past])]), outputs
    network.classes(x, inputs)
    network.save(path, [1, 3, 224, 224], 1000, 4)


def mobilenet_v2(path):
    network = Network()
    x, inputs = network.conv("x", (32, 3, 3), 2, act="Clip"), 32
    for expansion, outputs, repeats, first in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for repeat in range(repeats):
            stride, hidden = first if repeat == 0 else 1, inputs * expansion
            y = network.conv(x, (hidden, inputs, 1), act="Clip") if expansion > 1 else x
            y = network.conv(y, (hidden, hidden, 3), stride, groups=hidden, act="Clip")
            y = network.conv(y, (outputs, hidden, 1))
            x = network.node("Add", [x, y]) if stride == 1 and inputs == outputs else y
            inputs = outputs
    network.classes(network.conv(x, (1280, inputs, 1), act="Clip"), 1280)
    network.save(path, [1, 3, 224, 224], 1000, 4)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    mlp(folder / "mlp", [784, 128, 64, 10])
    mlp(folder / "mlp_1m", [784, 1024, 256, 10])
    mlp(folder / "mlp_4m", [1024, 1536, 1536, 10])
    resnet18(folder / "resnet18")
    mobilenet_v2(folder / "mobilenet_v2")


if __name__ == "__main__":
    main()
