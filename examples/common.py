"""What the training scripts of the examples share: the digits, fitting, building a graph, writing samples.

The scripts are run by hand, after  pip install -r examples/requirements.txt ; nothing in the build or the tests needs Python.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 7


def digits():
    """scikit-learn's digits as integers from 0 to 16: training images (1257, 64) and labels, held-out images (540, 64) and labels."""
    images, labels = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(images.astype(int), labels, test_size=0.3, stratify=labels, random_state=SEED)
    return x_train, y_train, x_test, y_test


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()


def fit(loss, params, x, y, epochs, batch=64, rate=3e-3, decay=1e-4, augment=lambda x, rng: x):
    """Adam with decoupled weight decay and a rate that falls to 0 along a cosine. `loss(params, x, y)` is a mean over a batch."""
    rng = np.random.default_rng(SEED)
    moments = jax.tree.map(jnp.zeros_like, (params, params))
    batches = len(x) // batch
    total = epochs * batches

    @jax.jit
    def step(params, moments, count, x, y):
        gradient = jax.grad(loss)(params, x, y)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], gradient)
        second = jax.tree.map(lambda m, g: 0.999 * m + 0.001 * g * g, moments[1], gradient)
        now = rate * 0.5 * (1 + jnp.cos(jnp.pi * count / total))

        def move(p, m, s):
            return p - now * (m / (1 - 0.9 ** (count + 1)) / (jnp.sqrt(s / (1 - 0.999 ** (count + 1))) + 1e-8) + decay * p)

        return jax.tree.map(move, params, first, second), (first, second)

    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for index in range(batches):
            rows = order[index * batch : (index + 1) * batch]
            params, moments = step(params, moments, epoch * batches + index, augment(x[rows], rng), y[rows])
    return jax.tree.map(np.asarray, params)


def uniform(rng, fan_in, *shape):
    """Initial weights whose variance is 2 / fan_in."""
    return rng.uniform(-1, 1, shape).astype(np.float32) * np.float32(np.sqrt(6 / fan_in))


class Graph:
    """An ONNX graph in the making, with one float input."""

    def __init__(self, name, input_name, input_shape):
        self.name, self.nodes, self.initialisers, self.outputs = name, [], [], []
        self.input = helper.make_tensor_value_info(input_name, TensorProto.FLOAT, input_shape)

    def constant(self, name, value):
        value = np.asarray(value)
        if value.dtype.kind == "f":
            value = value.astype(np.float32)
        self.initialisers.append(numpy_helper.from_array(value, name))
        return name

    def node(self, operator, inputs, name, outputs=None, **attributes):
        """Adds a node and gives the name of its first output: `name` with the suffix `_out`, unless `outputs` says otherwise."""
        outputs = outputs or [f"{name}_out"]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name, **attributes))
        return outputs[0]

    def output(self, name, shape, element=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, element, shape))

    def classes(self, logits, count):
        """Makes `logits` and, by ArgMax, `class` the outputs."""
        self.node("ArgMax", [logits], "argmax", ["class"], axis=1, keepdims=0)
        self.output(logits, [1, count])
        self.output("class", [1], TensorProto.INT64)

    def save(self, path, opset=13):
        graph = helper.make_graph(self.nodes, self.name, [self.input], self.outputs, self.initialisers)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)


def save(model, path):
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    operators = sorted({f"{node.domain}.{node.op_type}".lstrip(".") for node in model.graph.node})
    print(f"{path.name}: {path.stat().st_size} bytes; {', '.join(operators)}")


def run(path, rows):
    """The outputs of onnxruntime on each sample in turn, as one array for each output."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (declared,) = session.get_inputs()
    results = [session.run(None, {declared.name: np.asarray(row, np.float32).reshape(declared.shape)}) for row in rows]
    return [np.stack(values) for values in zip(*results)]


def report(path, training, held_out):
    """Prints the share of images for which the first output names the right digit: as a label, or as the place of the greatest value."""
    for name, (images, labels) in {"training": training, "held-out": held_out}.items():
        values = run(path, images)[0].reshape(len(images), -1)
        found = values[:, 0] if values.shape[1] == 1 else values.argmax(axis=1)
        print(f"{path.stem}: {(found == labels).mean():.2%} of the {name} images right")


def write_samples(path, name, rows, form="d"):
    """A line for each sample, nested as `rows` is; `form` is the format of a number."""

    def text(value):
        return format(value, form) if np.ndim(value) == 0 else "[" + ",".join(text(item) for item in value) + "]"

    path.write_text(f'{{"{name}": [\n' + ",\n".join(text(row) for row in rows) + "\n]}\n")
    json.loads(path.read_text())


def pick(rows, count):
    """`count` of the rows, in their order."""
    return rows[np.sort(np.random.default_rng(SEED).choice(len(rows), count, replace=False))]
