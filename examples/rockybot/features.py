"""RockyBot's features, classes and policy. Shared by training and by whoever wants to feed the network."""

import csv

import numpy as np

HOURS = 36
# Bins of the next hour's price change in USD; class k is the change from EDGES[k] to EDGES[k + 1].
EDGES = np.array([-1800, -30, -20, -10, -5, -2, 0, 2, 5, 10, 20, 30, 1800], dtype=float)
CLASSES = len(EDGES) - 1


def read_prices(path):
    """Hourly ETH prices in USD, oldest first."""
    with open(path, newline="") as file:
        return np.array([float(row["eth_price"]) for row in csv.DictReader(file)])


def features(prices):
    """One row for each hour from the 36th on: price[t] - price[t - h] for h = 0..35 (the first is always 0)."""
    hours = np.arange(HOURS - 1, len(prices))
    return prices[hours, None] - prices[hours[:, None] - np.arange(HOURS)]


def labels(prices):
    """The class of the change from each row's hour to the next; one fewer than there are rows."""
    change = np.diff(prices)[HOURS - 1 :]
    return np.clip(np.searchsorted(EDGES, change, side="right") - 1, 0, CLASSES - 1)


def policy(label):
    """What to do, as a share of the balance: sell (negative) on the classes below 4, buy on those above 7, more further out."""
    if 4 <= label <= 7:
        return 0.0
    return (label - 7) / 4 * 0.1 if label > 7 else (label - 4) / 4 * 0.1
