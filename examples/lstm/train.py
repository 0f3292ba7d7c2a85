"""Trains a two-layer LSTM on hourly ETH returns and writes lstm.onnx and the samples beside this file."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

HERE = Path(__file__).parent
sys.path += [str(HERE.parent), str(HERE.parent / "rockybot")]
from common import SEED, Graph, fit, pick, run, uniform, write_samples
from features import read_prices

HOURS, HIDDEN = 24, 16
CALIBRATION, TEST = 256, 256


def windows(prices):
    """The returns of the 24 hours up to each hour in percent, (n, 24), rounded as they are in the sample files, and the next one, (n,)."""
    returns = np.round(np.diff(prices) / prices[:-1] * 100, 3).astype(np.float32)
    hours = np.arange(HOURS, len(returns))
    return returns[hours[:, None] - HOURS + np.arange(HOURS)], returns[hours]


def lstm(p, x):
    """ONNX's LSTM: the gates in the order input, output, forget, cell; `x` is (hours, batch, values), and so is the result."""
    w, r, b = p

    def step(state, value):
        h, c = state
        i, o, f, g = jnp.split(value @ w.T + h @ r.T + b, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((x.shape[1], HIDDEN))
    return jax.lax.scan(step, (start, start), x)[1]


def network(p, x):
    """The forecast for each window: the next return and its absolute value, in percent."""
    hidden = lstm(p["lstm2"], lstm(p["lstm1"], x.T[..., None]))
    return hidden[-1] @ p["w"].T + p["b"]


def targets(y):
    return np.stack([y, abs(y)], axis=1)


def write(p):
    g = Graph("lstm", "returns", [HOURS, 1, 1])
    v = "returns"
    for layer in (1, 2):
        w, r, b = p[f"lstm{layer}"]
        # ONNX has one bias for the input and one for the recurrence, and a leading axis for directions.
        values = {"w": w[None], "r": r[None], "b": np.concatenate([b, np.zeros_like(b)])[None]}
        inputs = [v] + [g.constant(f"lstm{layer}_{name}", value) for name, value in values.items()]
        outputs = ["hidden1"] if layer == 1 else ["", "hidden2"]
        g.node("LSTM", inputs, f"lstm{layer}", outputs, hidden_size=HIDDEN)
        # (hours, directions, batch, hidden), then of the second layer only the last hour's (directions, batch, hidden).
        axis = g.constant(f"direction{layer}", np.array([1 if layer == 1 else 0]))
        v = g.node("Squeeze", [outputs[-1], axis], f"squeeze{layer}")
    g.node("Gemm", [v, g.constant("dense_w", p["w"]), g.constant("dense_b", p["b"])], "dense", ["forecast"], transB=1)
    g.output("forecast", [1, 2])
    g.save(HERE / "lstm.onnx")


def report(period, path, x, y):
    forecast = run(path, x)[0].reshape(-1, 2)
    direction = np.mean(np.sign(forecast[:, 0]) == np.sign(y))
    size = np.corrcoef(forecast[:, 1], abs(y))[0, 1]
    print(f"{period}: direction right {direction:.2%}, always upwards {np.mean(y > 0):.2%}; correlation of size and forecast {size:.2f}")


def main():
    _, prices = read_prices(HERE.parent / "rockybot" / "prices.csv")
    x, y = windows(prices)
    # The last fifth of the time is never trained on, and the test windows begin after it.
    split = len(x) * 4 // 5
    rng = np.random.default_rng(SEED)

    def layer(inputs):
        gates = 4 * HIDDEN
        bias = np.zeros(gates, np.float32)
        bias[2 * HIDDEN : 3 * HIDDEN] = 1
        return uniform(rng, inputs + HIDDEN, gates, inputs), uniform(rng, inputs + HIDDEN, gates, HIDDEN), bias

    start = {"lstm1": layer(1), "lstm2": layer(HIDDEN), "w": uniform(rng, HIDDEN, 2, HIDDEN), "b": np.zeros(2, np.float32)}
    p = fit(lambda p, x, y: ((network(p, x) - y) ** 2).mean(), start, x[:split], targets(y[:split]), epochs=12, rate=2e-3)
    write(p)
    path = HERE / "lstm.onnx"
    print("greatest difference to onnxruntime:", abs(run(path, x[:100])[0].reshape(-1, 2) - np.asarray(network(p, x[:100]))).max())
    report("trained on", path, x[:split], y[:split])
    report("afterwards", path, x[split + HOURS :], y[split + HOURS :])
    write_samples(HERE / "calibration.json", "returns", pick(x[:split], CALIBRATION)[:, :, None, None], ".3f")
    write_samples(HERE / "test.json", "returns", pick(x[split + HOURS :], TEST)[:, :, None, None], ".3f")


if __name__ == "__main__":
    main()
