"""Oracles of the capstone: bouts that are known because the recording is put together from them, and pairs that are counted one by one."""

from itertools import combinations

import numpy as np


def draw_bouts(rng, num_states, num_bouts):
    """Bouts (state, frames), neighbours in different states, all states and a single frame among them, and the recording."""
    order = [*rng.permutation(num_states).tolist()]
    while len(order) < num_bouts:
        order.append(int(rng.choice([s for s in range(num_states) if s != order[-1]])))
    lengths = rng.permutation([1, *rng.integers(2, 9, size=len(order) - 1).tolist()]).tolist()
    bouts = list(zip(order, lengths, strict=True))
    return bouts, np.repeat([state for state, _ in bouts], [frames for _, frames in bouts])


def rows_of(ethogram, num_bouts):
    """An ethogram as an array (B, 4). AssertionError where it is not that."""
    rows = list(ethogram) if isinstance(ethogram, (list, tuple, np.ndarray)) else None
    assert rows is not None, f"want a list of bouts, got {type(ethogram).__name__}"
    assert all(np.shape(row) == (4,) for row in rows), "each bout is a tuple (state, start, stop, seconds)"
    assert len(rows) == num_bouts, f"the list has {len(rows)} bouts, there are {num_bouts}"
    return np.array(rows, dtype=float).reshape(num_bouts, 4)


def index_by_pairs(a, b):
    """The adjusted Rand index, pair by pair."""
    together = [(a[i] == a[j], b[i] == b[j]) for i, j in combinations(range(len(a)), 2)]
    in_a, in_b, both = (sum(values) for values in (*zip(*together, strict=True), [x and y for x, y in together]))
    chance = in_a * in_b / len(together)
    return (both - chance) / ((in_a + in_b) / 2 - chance)
