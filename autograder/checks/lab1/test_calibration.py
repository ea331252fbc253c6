"""Checks of `calibration`."""

import numpy as np
import pytest

from autograder import agree, hint, no_probe, points


@points(1)
@hint(
    "In each bin: the mean of its predictions p (not the bin's centre), the mean of its labels y, and how many there "
    "are, in this order and each of shape (bins,).",
    also=("shape", "incomparable"),
)
@pytest.mark.parametrize("bins", [4, 8, 16])
def test_agrees_with_a_histogram(calibration, rng, bins):
    # No bin is empty, low ones are fuller, and no p is near 0: bins over the range of p are others.
    cells = np.concatenate([np.arange(1, 64), rng.integers(1, 16, 100)])
    p = rng.permutation(32 * cells + rng.integers(1, 31, len(cells)) + 0.5) / 2048  # on no edge
    y = (rng.uniform(size=len(p)) < p**2).astype(int)
    mean_p, mean_y, count = calibration(p, y, bins)
    span = {"bins": bins, "range": (0.0, 1.0)}
    inside = np.histogram(p, **span)[0]
    agree(mean_p, np.histogram(p, weights=p, **span)[0] / inside)
    agree(mean_y, np.histogram(p, weights=y, **span)[0] / inside, atol=1e-15)
    agree(count, inside)


@points(1)
@no_probe("float32")  # rounds the neighbour of an edge onto it
@hint(
    "Bins are closed on the left: p = k / bins belongs to bin k, not to bin k - 1. Only the last bin is closed on "
    "the right too, so that p = 1 is not lost."
)
@pytest.mark.parametrize("bins", [4, 8, 16])
def test_puts_edges_into_the_right_bin(calibration, bins):
    edges = np.arange(bins + 1) / bins
    p = np.concatenate([edges, np.nextafter(edges[1:], 0.0)])  # each edge, and what lies just left of it
    y = np.concatenate([np.ones(bins + 1), np.zeros(bins)])
    mean_p, mean_y, count = calibration(p, y, bins)
    agree(count, [2] * (bins - 1) + [3])
    agree(mean_y, [1 / 2] * (bins - 1) + [2 / 3])
    agree(mean_p, np.append(edges[:-2] + 0.5 / bins, (3 - 1 / bins) / 3))


@points(1)
@hint(
    "A bin without predictions has no mean: NaN for both means (not 0) and a count of 0, and it keeps its place, so "
    "that all three arrays have shape (bins,).",
    also=("shape",),
)
@pytest.mark.parametrize("where", [0, 5, 7])
def test_marks_empty_bins(calibration, where):
    p = np.array([0.25, 0.75, 0.375]) / 8 + where / 8
    mean_p, mean_y, count = calibration(p, np.array([0, 1, 1]), 8)
    here = np.arange(8) == where
    agree(count, np.where(here, 3, 0))
    agree(mean_p, np.where(here, np.mean(p), np.nan))
    agree(mean_y, np.where(here, 2 / 3, np.nan))
