"""Checks of `gibbs_sweep`: a draw from the posterior must remain one."""

import numpy as np

from autograder import hint, no_probe, points
from autograder.checks.lab7.common import pixels, rig
from autograder.checks.lab8.common import log_sinhc, turned, unit_vectors, vmf

PARENTS = np.array([0, 0, 1, 1])


def simulated(rng, num_frames=2000):
    """All unknowns of frames that know nothing of each other, in their order of dependence, and the detections that follow.

    Only such frames can be simulated from the root outwards: with both bones and steps the model is a product, and no
    order. The root is drawn around the middle of the room, where the model has no opinion, but it is detected so well
    that this makes no difference.
    """
    P, pi = rig(rng, 2, arc=200.0), np.array([0.35, 0.65])
    mu = unit_vectors(rng, 4) + 0.7 * unit_vectors(rng, 2, 4)  # poses that are not too easily told apart
    mu[..., 2] *= 0.3  # and mostly horizontal: there is a heading to be found
    params = {
        "eta2": np.full(4, np.inf), "rho": np.array([0.0, 40.0, 30.0, 25.0]), "sigma2": np.array([1.0, 25.0, 16.0, 36.0]),
        "omega2_in": np.array([1e-4, 5.0, 25.0, 25.0]), "omega2_out": np.array([1e-3, 225.0, 225.0, 225.0]),
        "outlier_prob": np.full(4, 0.2), "mu": mu / np.linalg.norm(mu, axis=-1, keepdims=True), "kappa":
        np.array([[0.0, 6.0, 1.5, 9.0], [0.0, 1.0, 8.0, 4.0]]), "pi": pi, "A": np.stack([pi, pi]),
    }  # fmt: skip
    h, s = rng.uniform(-np.pi, np.pi, num_frames), (rng.random(num_frames) > pi[0]).astype(int)
    u = vmf(rng, turned((params["kappa"][..., None] * params["mu"])[s], h))
    x = np.zeros((num_frames, 4, 3))
    x[:, 0] = [0.0, 0.0, 50.0] + 15.0 * rng.normal(size=(num_frames, 3))
    for k in range(1, 4):
        x[:, k] = (
            x[:, PARENTS[k]]
            + params["rho"][k] * u[:, k]
            + np.sqrt(params["sigma2"][k]) * rng.normal(size=(num_frames, 3))
        )
    z = rng.random((num_frames, 4, 2)) < 0.2
    noise = np.sqrt(np.where(z, params["omega2_out"][:, None], params["omega2_in"][:, None]))
    Y = pixels(P, x) + noise[..., None] * rng.normal(size=(num_frames, 4, 2, 2))
    return {"z": z, "s": s, "u": u, "h": h, "x": x}, {"P": P, "Y": Y, "parents": PARENTS}, params


def quantities(state, data, params):
    """What must keep its distribution, by frame: of positions and headings, of outliers, of states and directions."""
    x, u, h = (np.asarray(state[name], dtype=float) for name in ("x", "u", "h"))
    bones = x[:, 1:] - x[:, PARENTS[1:]]
    in_the_body, log_r2 = turned(bones, -h), np.log(np.sum((data["Y"] - pixels(data["P"], x)) ** 2, axis=-1))
    z, s = np.asarray(state["z"], dtype=float), np.asarray(state["s"], dtype=float)
    placed = [
        np.linalg.norm(bones, axis=-1),
        in_the_body.reshape(len(x), -1),
        log_r2[:, 1:].mean(axis=-1),
        np.sum(u[:, 1:] * bones, axis=-1),
    ]
    doubted = [z[:, 1:].mean(axis=-1), (z * log_r2)[:, 1:].mean(axis=-1)]
    pull = turned((params["kappa"][..., None] * params["mu"])[np.asarray(state["s"], dtype=int)], h)
    fit = np.sum(pull * u, axis=-1)
    posed = [
        s[:, None],
        s[:, None] * in_the_body[..., 0],
        turned(u[:, 1:], -h).reshape(len(x), -1),
        fit.sum(axis=1)[:, None],
    ]
    return [np.concatenate(group, axis=1) for group in (placed, doubted, posed)]


def drift(before, after):
    """By how many standard errors a mean over frames, of a number or its square, has moved at most."""
    change = np.concatenate(
        [after - before, (after - before.mean(axis=0)) ** 2 - (before - before.mean(axis=0)) ** 2], axis=1
    )
    return np.abs(change.mean(axis=0) / (change.std(axis=0) / np.sqrt(len(change)) + 1e-12)).max()


@points(1)
@hint(
    "Each is drawn given all the others: z from outlier_posterior, s by sample_states, u around the natural "
    "parameters of direction_posterior whose prior is the frame's kappa mu turned by *plus* its heading, and h "
    "from rng.vonmises with heading_posterior's location and concentration."
)
@no_probe("integers", "float32")
def test_leaves_the_posterior_alone(gibbs_sweep, rng):
    truth, data, params = simulated(rng)
    state = truth
    for _ in range(8):
        state = gibbs_sweep(state, data, params, rng)
        missing = {"z", "s", "u", "h", "x"} - set(state)
        assert not missing, f"the state lacks {sorted(missing)}"
    for name, value in truth.items():
        assert np.shape(state[name]) == value.shape, f"{name} has shape {np.shape(state[name])}, expected {value.shape}"
    words = ("positions, bones and headings", "outliers", "pose states and directions")
    # Honest sweeps exceed 5.5 once in a hundred thousand runs; the largest of some eighty numbers.
    for what, before, after in zip(
        words, quantities(truth, data, params), quantities(state, data, params), strict=True
    ):
        z = drift(before, after)
        assert z < 5.5, f"from a draw of the posterior, eight sweeps move the {what} by {z:.1f} standard errors"
    for name in ("u", "h", "x"):
        still = np.mean(np.reshape(np.asarray(state[name]) == truth[name], (len(truth["x"]), -1)).all(axis=1))
        assert still < 0.5, f"after eight sweeps {name} is still what it was in {still:.0%} of the frames"


@points(1)
@hint(
    "Outliers and states are *drawn*, with the probabilities that outlier_posterior and the chain give them: a number "
    "from rng below the probability for z, sample_states for s. The most probable one is no draw. All randomness comes "
    "from rng."
)
@no_probe("integers", "float32")
def test_draws_outliers_and_states_as_often_as_they_should(gibbs_sweep, rng):
    truth, data, params = simulated(rng)
    p = posterior_of_states(truth["x"], truth["h"], params)
    frame = int(np.argmin(np.abs(p - 0.7)))  # pi says 0.35
    many = {name: np.repeat(value[frame : frame + 1], 1500, axis=0) for name, value in truth.items()}
    Y = np.repeat(data["Y"][frame : frame + 1], 1500, axis=0)
    bound = pixels(data["P"], truth["x"][frame])
    Y[:, 2, 0] = bound[2, 0] + [0.0, 15.0]  # neither near nor far
    Y[:, 3, 1] = np.nan
    found = gibbs_sweep(many, data | {"Y": Y}, params, rng)
    few = {name: value[:20] for name, value in many.items()}
    some = data | {"Y": Y[:20]}
    once, again = (gibbs_sweep(few, some, params, np.random.default_rng(1)) for _ in range(2))
    assert all(np.array_equal(once[name], again[name]) for name in "zsuhx"), "the same seed gave other draws"
    unknown = gibbs_sweep(few, some, params | {"kappa": 0.0 * params["kappa"]}, rng)
    assert all(np.isfinite(unknown[name]).all() for name in "uhx"), (
        "with kappa = 0 in all states something is not finite"
    )
    z, s = np.asarray(found["z"]), np.asarray(found["s"])
    assert z.shape == (1500, 4, 2), f"z has shape {z.shape}, expected (1500, 4, 2)"
    assert not z[:, 3, 1].any(), "a missing detection was called an outlier"
    good, bad = 0.8 * np.exp(-(15.0**2) / 2 / 25.0) / 25.0, 0.2 * np.exp(-(15.0**2) / 2 / 225.0) / 225.0
    expected = {"z": (np.mean(z[:, 2, 0]), bad / (good + bad)), "s": (np.mean(s == 0), p[frame])}
    for name, (share, due) in expected.items():
        wrong = abs(share - due) / np.sqrt(due * (1 - due) / 1500)
        assert wrong < 5.5, (
            f"{name} came out as {'outlier' if name == 'z' else 'state 0'} in {share:.0%}, expected {due:.0%}"
        )


def posterior_of_states(x, h, params):
    """Probability (T,) of state 0 given positions and heading, the directions integrated out."""
    d = turned(x[:, 1:] - x[:, PARENTS[1:]], -h)
    m = (params["kappa"][..., None] * params["mu"])[:, 1:]
    size = np.linalg.norm(m + (d * (params["rho"] / params["sigma2"])[1:, None])[:, None], axis=-1)
    log_p = np.log(params["pi"]) + np.sum(log_sinhc(size) - log_sinhc(params["kappa"][:, 1:]), axis=-1)
    return 1.0 / (1.0 + np.exp(log_p[:, 1] - log_p[:, 0]))
