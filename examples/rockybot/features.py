"""RockyBot's features, classes and policy. Shared by training and by whoever wants to feed the network."""

import csv

import numpy as np

HOURS = 36
# Bins of the next hour's price change in USD; class k is the change from EDGES[k] to EDGES[k + 1].
EDGES = np.array([-1800, -30, -20, -10, -5, -2, 0, 2, 5, 10, 20, 30, 1800], dtype=float)
CLASSES = len(EDGES) - 1
# The largest move in an hour, as a share of the last accepted price; each further hour without an accepted price allows as much again.
MAX_MOVE = 0.25


def read_prices(path):
    """The hours (numpy times, UTC) and the ETH prices in USD of a file `hour,price` in which each hour follows the one before."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    hours = np.array([np.datetime64(row["hour"].removesuffix("Z"), "h") for row in rows])
    gap = np.flatnonzero(np.diff(hours) != np.timedelta64(1, "h"))
    if len(gap):
        raise ValueError(f"{path}: {hours[gap[0] + 1]} does not follow {hours[gap[0]]} by one hour")
    return hours, np.array([float(row["price"]) for row in rows])


def accepted(prices):
    """Which prices a history accepts: those within MAX_MOVE an hour of the last accepted one."""
    taken = np.zeros(len(prices), dtype=bool)
    taken[0], last = True, 0
    for hour in range(1, len(prices)):
        if abs(prices[hour] - prices[last]) <= MAX_MOVE * (hour - last) * prices[last]:
            taken[hour], last = True, hour
    return taken


def features(prices, places):
    """One row for each of the places in `prices`: price[t] - price[t - h] for h = 0..35 (the first is always 0)."""
    return prices[places, None] - prices[places[:, None] - np.arange(HOURS)]


def labels(prices, places):
    """The class of the change from each of the places in `prices` to the next."""
    return np.clip(np.searchsorted(EDGES, prices[places + 1] - prices[places], side="right") - 1, 0, CLASSES - 1)


def samples(prices, length=HOURS):
    """The places in `prices` whose window a history would give: the `length` prices that end there are accepted, and the next one too."""
    taken = accepted(prices)
    places = np.arange(length - 1, len(prices) - 1)
    return places[taken[places[:, None] + 1 - np.arange(length + 1)].all(axis=1)]


def policy(label):
    """What to do, as a share of the balance: sell (negative) on the classes below 4, buy on those above 7, more further out."""
    if 4 <= label <= 7:
        return 0.0
    return (label - 7) / 4 * 0.1 if label > 7 else (label - 4) / 4 * 0.1
