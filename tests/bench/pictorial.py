"""Time of Lab 6's distance transform and of its best pose, beside other programs that compute the same.

    python -m tests.bench.pictorial [--repeats 200]

One thread, maps of 128 x 160 in double precision (diplib's too), times in ms: the least of single calls and their median, in one
process and round robin, so that a busy machine disturbs all alike. Inputs: the costs of a real map (snout of a side view, by votes on
cells of 1 px), noise of about the size of such costs and of twenty times that, and a map that is flat but for one place; standard
deviations of the spring of 4 and 12 px.
Before anything is timed its values are compared with those of all pairs of places in a row.
OpenCV, edt and scipy's distance_transform_edt take binary maps only, and are timed on one. The extra "bench" has the peers; one
that is not installed is left out.
"""

import argparse
import importlib
import time
import warnings
from itertools import product

import numpy as np
from scipy import ndimage

from posekit.bodies import limb_prior
from posekit.data import load_side, pretrained_detector
from posekit.detector import score_maps
from solutions import envelope
from solutions.pictorial import distance_transform_1d, distance_transform_2d, map_pose, marginals, votes

H, W = 128, 160


def optional(name):
    """A module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def timed(functions, repeats):
    """Least and median time of a single call of each function, ms, by its name; slow ones are called less often."""
    taken = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            if sum(taken[name]) > 4.0:
                continue
            start = time.perf_counter()
            function()
            taken[name].append(time.perf_counter() - start)
    return {name: (1e3 * min(times), 1e3 * np.median(times)) for name, times in taken.items()}


def real_costs():
    """Costs (K, 128, 160) of a side view, and the prior of its parts, px."""
    rats = load_side("test")
    maps = score_maps(pretrained_detector("side"), rats.images[:1])
    fine = votes(maps.probabilities[0], maps.offsets[0], maps.stride, (H, W), cell=1.0, share=0.14)
    train = load_side("train")
    return -np.log(fine + 0.1 / fine[0].size), rats.parents, *limb_prior(train.keypoints, train.parents)


def inputs(costs, names):
    rng = np.random.default_rng(0)
    noise = 10.0 * rng.uniform(size=(H, W))
    flat = np.full((H, W), 10.0)
    flat[60, 80] = 0.0
    return {"real map": costs[names.index("snout")], "noise": noise, "noise x 20": 20.0 * noise, "flat": flat}


def brute_force(f, w):
    """All pairs of places in a row, and then in a column, without arg-mins."""
    for size in (W, H):
        place = np.arange(size)
        f = (f[:, None] + w * (place[:, None] - place) ** 2).min(axis=2).T
    return f


def grey_erosion(f, w):
    """scipy's erosion with a parabola in each direction, over the whole map."""
    for axis in (0, 1):
        size = 2 * f.shape[axis] - 1
        shape = [1, 1]
        shape[axis] = size
        parabola = w * (np.arange(size) - size // 2) ** 2.0  # an erosion subtracts its structure
        f = ndimage.grey_erosion(f, structure=-parabola.reshape(shape), mode="constant", cval=np.inf)
    return f


def transforms(f, w):
    """Functions without arguments that transform f, by name; each gives the values."""
    mu, weights = (0.0, 0.0), (w, w)
    found = {}
    if envelope.numba is not None:
        found["ours, numba"] = lambda: envelope.distance_transform_2d(f, weights, mu)[0]
    found["ours, NumPy"] = lambda: envelope.by_numpy(f, weights, mu)[0]
    found["of the lab, Python"] = lambda: distance_transform_2d(f, weights, mu)[0]
    found["brute force by rows"] = lambda: brute_force(f, w)
    found["scipy, grey_erosion"] = lambda: grey_erosion(f, w)
    if (dip := optional("diplib")) is not None:
        element = dip.SE([1.0 / np.sqrt(w)] * 2, "parabolic")
        dip.SetNumberOfThreads(1)
        found["diplib, values only"] = lambda: np.asarray(dip.Erosion(f, element))
    return found


def binary(repeats):
    """Squared distance to a set: what the peers that know no costs can do."""
    away = np.random.default_rng(0).uniform(size=(H, W)) > 0.02
    seen = np.where(away, np.inf, 0.0)
    found = {"scipy, distance_transform_edt": lambda: ndimage.distance_transform_edt(away)}
    if envelope.numba is not None:
        found["ours, numba"] = lambda: envelope.distance_transform_2d(seen, (1.0, 1.0), (0.0, 0.0))
    if (cv2 := optional("cv2")) is not None:
        image = away.astype(np.uint8)
        found["OpenCV (single precision)"] = lambda: cv2.distanceTransform(image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    if (edt := optional("edt")) is not None:
        found["edt (single precision)"] = lambda: edt.edtsq(away, parallel=1)
    return timed(found, repeats)


def by_elimination(repeats):
    """pgmpy's exact inference of the same small problem: three parts on 6 x 8 places."""
    pgmpy = optional("pgmpy.models"), optional("pgmpy.factors.discrete"), optional("pgmpy.inference")
    if None in pgmpy:
        return {}
    models, factors, inference = pgmpy
    network = getattr(models, "DiscreteMarkovNetwork", None) or models.MarkovNetwork
    rng = np.random.default_rng(0)
    costs, mu, w = rng.uniform(0, 4, size=(3, 6, 8)), rng.uniform(-2, 2, size=(3, 2)), np.full((3, 2), 0.3)
    parents, n = np.array([0, 0, 1]), 48
    places = np.array(list(product(range(6), range(8))))[:, ::-1]
    model = network([("0", "1"), ("1", "2")])
    for k in range(3):
        model.add_factors(factors.DiscreteFactor([str(k)], [n], np.exp(-costs[k].ravel())))
        if k:
            stretch = (w[k] * (places[:, None] - places - mu[k]) ** 2).sum(-1)  # (child, parent)
            model.add_factors(factors.DiscreteFactor([str(k), str(parents[k])], [n, n], np.exp(-stretch).ravel()))
    engine = inference.BeliefPropagation(model)
    theirs = engine.map_query(["0", "1", "2"], show_progress=False)
    pose, _ = map_pose(costs, parents, mu, w)
    assert [theirs[str(k)] for k in range(3)] == (8 * pose[:, 1] + pose[:, 0]).tolist()
    return timed(
        {
            "pgmpy, belief propagation": lambda: engine.map_query(["0", "1", "2"], show_progress=False),
            "ours, Python": lambda: map_pose(costs, parents, mu, w),
            "ours, fast": lambda: map_pose(costs, parents, mu, w, transform=envelope.distance_transform_2d),
        },
        max(repeats // 20, 3),
    )


def table(title, times, reference=None):
    """Times in the order of the least ones, each beside its ratio to that of the reference, where there is one."""
    print(f"\n{title:42}{'least':>12}{'median, ms':>22}")
    for name, values in sorted(times.items(), key=lambda item: item[1]):
        ratios = (
            [f"{v / r:.2f} x" for v, r in zip(values, times[reference], strict=True)]
            if reference in times
            else ["", ""]
        )
        print(f"  {name:40}" + "".join(f"{v:12.3f}{r:>10}" for v, r in zip(values, ratios, strict=True)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=200)
    repeats = parser.parse_args().repeats
    warnings.simplefilter("ignore")
    costs, parents, mu, w = real_costs()
    for label, f in inputs(costs, load_side("test").names).items():
        for sigma in (4.0, 12.0):
            weight = 0.5 / sigma**2
            found = transforms(f, weight)
            expected = brute_force(f, weight)
            for name, function in found.items():
                np.testing.assert_allclose(function(), expected, rtol=1e-9, atol=1e-9, err_msg=name)
            table(f"{label}, spring of {sigma:g} px", timed(found, repeats), "diplib, values only")
    found = {"ours, NumPy": lambda: map_pose(costs, parents, mu, w, transform=envelope.by_numpy)}
    found["of the lab, Python"] = lambda: map_pose(costs, parents, mu, w)
    found["marginals"] = lambda: marginals(costs, parents, mu, w)
    if envelope.numba is not None:
        found["ours, numba"] = lambda: map_pose(costs, parents, mu, w, transform=envelope.distance_transform_2d)
    if (dip := optional("diplib")) is not None:
        elements = [dip.SE((1.0 / np.sqrt(row)).tolist(), "parabolic") for row in w]
        found["thirteen erosions of diplib"] = lambda: [dip.Erosion(c, e) for c, e in zip(costs, elements, strict=True)]
    table("best pose of thirteen parts, fitted springs", timed(found, repeats), "thirteen erosions of diplib")
    table("squared distance to a binary set", binary(repeats))
    if times := by_elimination(repeats):
        table("best pose of three parts, 6 x 8", times, "pgmpy, belief propagation")
    row = np.random.default_rng(0).uniform(size=95_000)
    table("one row of 95,000 places", timed({"of the lab, Python": lambda: distance_transform_1d(row, 0.05)}, 5))


if __name__ == "__main__":
    main()
