"""What goes wrong, and what else is right, in `gibbs_sweep`."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.bonewalk import as_problem, move_positions
from solutions.gimbal import (
    canonicalize,
    direction_posterior,
    heading_posterior,
    jump_headings,
    sample_states,
    sample_vmf,
    state_log_likelihood,
)
from solutions.triangulation import outlier_posterior, project


def swept(state, data, params, rng, **parts):
    """One sweep, each draw of which can be exchanged."""
    P, Y, parents, params = as_problem(data["P"], data["Y"], data["parents"], params)
    x, h = state["x"], state["h"]
    r2 = np.sum((Y - project(P, x)) ** 2, axis=-1)
    doubt = outlier_posterior(r2, params["outlier_prob"], params["omega2_in"], params["omega2_out"])
    log_lik = state_log_likelihood(x, h, parents, params)
    kappa, mu, rho, sigma2 = (params[name] for name in ("kappa", "mu", "rho", "sigma2"))

    def draw_states():
        return sample_states(log_lik, params["pi"], params["A"], rng)

    def pull(s, h):
        return canonicalize((kappa[..., None] * mu)[s], -h)

    def draw_directions(s, h):
        return sample_vmf(direction_posterior(x, parents, rho, sigma2, parts.get("pull", pull)(s, h)), rng)

    def draw_headings(u, s, h):
        return rng.vonmises(*heading_posterior(u, s, mu, kappa))

    z = parts["z"](doubt, rng) if "z" in parts else rng.random(doubt.shape) < doubt
    s = parts["s"](state, log_lik, params, rng) if "s" in parts else draw_states()
    u = parts["u"](state, x, parents, params, pull(s, h), rng) if "u" in parts else draw_directions(s, h)
    h = parts["h"](u, s, h, params, rng) if "h" in parts else draw_headings(u, s, h)
    h, u = jump_headings(h, u, s, x, parents, params, rng)
    return {"z": z, "s": s, "u": u, "h": h, "x": move_positions(x, z, u, P, Y, parents, params, rng)}


@mistake("leaves kappa out of the heading's conditional", hint="heading_posterior's location and concentration")
def heading_without_kappa(state, data, params, rng):
    def h(u, s, h, params, rng):
        return rng.vonmises(*heading_posterior(u, s, params["mu"], (params["kappa"] > 0).astype(float)))

    return swept(state, data, params, rng, h=h)


@mistake("takes the most probable heading instead of drawing one", hint="h from rng.vonmises")
def heading_mode(state, data, params, rng):
    return swept(
        state,
        data,
        params,
        rng,
        h=lambda u, s, h, params, rng: heading_posterior(u, s, params["mu"], params["kappa"])[0],
    )


@mistake("draws the heading with the square root of its concentration", hint="location and concentration")
def heading_width(state, data, params, rng):
    def h(u, s, h, params, rng):
        location, concentration = heading_posterior(u, s, params["mu"], params["kappa"])
        return rng.vonmises(location, np.sqrt(concentration))

    return swept(state, data, params, rng, h=h)


@mistake("draws the heading from a normal density", hint="with kappa = 0 in all states")
def normal_heading(state, data, params, rng):
    def h(u, s, h, params, rng):
        location, concentration = heading_posterior(u, s, params["mu"], params["kappa"])
        with np.errstate(all="ignore"):
            return rng.normal(location, 1.0 / np.sqrt(concentration))

    with np.errstate(all="ignore"):
        return swept(state, data, params, rng, h=h)


@mistake("turns the mean directions by minus the heading", hint="by *plus* its heading")
def pull_reversed(state, data, params, rng):
    def pull(s, h):
        return canonicalize((params["kappa"][..., None] * params["mu"])[s], h)

    return swept(state, data, params, rng, pull=pull)


@mistake("does not turn the mean directions", hint="by *plus* its heading")
def not_turned(state, data, params, rng):
    return swept(state, data, params, rng, pull=lambda s, h: (params["kappa"][..., None] * params["mu"])[s])


@mistake("forgets the poses when it draws directions", hint="whose prior is the frame's kappa mu")
def no_pull(state, data, params, rng):
    return swept(state, data, params, rng, pull=lambda s, h: np.zeros((len(h), params["mu"].shape[1], 3)))


@mistake("leaves kappa out of the directions' prior", hint="the frame's kappa mu")
def unit_pull(state, data, params, rng):
    return swept(state, data, params, rng, pull=lambda s, h: canonicalize(params["mu"][s], -h))


@mistake("draws the directions from the prior alone", hint="the natural parameters of direction_posterior")
def prior_directions(state, data, params, rng):
    return swept(state, data, params, rng, u=lambda state, x, parents, params, pull, rng: sample_vmf(pull, rng))


@mistake("takes the mean directions instead of drawing them", hint="u around the natural parameters")
def mean_directions(state, data, params, rng):
    def u(state, x, parents, params, pull, rng):
        m = direction_posterior(x, parents, params["rho"], params["sigma2"], pull)
        return m / np.maximum(np.linalg.norm(m, axis=-1, keepdims=True), 1e-12)

    return swept(state, data, params, rng, u=u)


@mistake("takes probable outliers for certain", hint="z from outlier_posterior")
def thresholded(state, data, params, rng):
    return swept(state, data, params, rng, z=lambda doubt, rng: doubt > 0.5)


@mistake("exchanges outliers and good detections", hint="z from outlier_posterior")
def exchanged(state, data, params, rng):
    return swept(state, data, params, rng, z=lambda doubt, rng: rng.random(doubt.shape) > doubt)


@mistake("takes the most probable state of each frame", hint="The most probable one is no draw")
def best_states(state, data, params, rng):
    return swept(
        state, data, params, rng, s=lambda state, log_lik, params, rng: (log_lik + np.log(params["pi"])).argmax(axis=1)
    )


@mistake("draws the states from pi alone", hint="sample_states for s")
def prior_states(state, data, params, rng):
    def s(state, log_lik, params, rng):
        return sample_states(0 * log_lik, params["pi"], params["A"], rng)

    return swept(state, data, params, rng, s=s)


@mistake("keeps the states", hint="sample_states for s")
def same_states(state, data, params, rng):
    return swept(state, data, params, rng, s=lambda state, log_lik, params, rng: np.asarray(state["s"]))


@mistake("draws headings from NumPy's global generator", hint="All randomness comes from rng")
def global_generator(state, data, params, rng):
    def h(u, s, h, params, rng):
        return np.random.vonmises(*heading_posterior(u, s, params["mu"], params["kappa"]))  # noqa: NPY002

    return swept(state, data, params, rng, h=h)


@alternative
def frame_by_frame(state, data, params, rng):
    """Where frames are independent, each state may be drawn for itself."""

    def s(state, log_lik, params, rng):
        return sample_states(log_lik, params["pi"], params["A"], rng)

    def u(state, x, parents, params, pull, rng):
        m = direction_posterior(x, parents, params["rho"], params["sigma2"], pull)
        return np.stack([sample_vmf(m[:, k], rng) for k in range(m.shape[1])], axis=1)

    def h(u, s, h, params, rng):
        location, concentration = heading_posterior(u, s, params["mu"], params["kappa"])
        return np.array([rng.vonmises(a, b) for a, b in zip(location, concentration)])

    return swept(state, data, params, rng, s=s, u=u, h=h)


@alternative
def with_binomials(state, data, params, rng):
    return swept(state, data, params, rng, z=lambda doubt, rng: rng.binomial(1, np.nan_to_num(doubt)).astype(bool))
