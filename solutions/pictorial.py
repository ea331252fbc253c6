"""Lab 6: pictorial structures. Distance transforms, messages on a tree of parts, and DeepCut's integer linear programme.

A *part* is a keypoint, `parents` (K,) the tree that joins them: any rooted tree, in any order, the root its own parent.
Places are pixels (or cells) of a grid (H, W), written (x, y) = (column, row). Costs are energies, to be minimised, and may
be +inf where a part cannot be. The energy of a pose is the sum of its parts' costs and of

    w[k, 0] (x_k - x_parent - mu[k, 0])^2 + w[k, 1] (y_k - y_parent - mu[k, 1])^2

over all parts k but the root, with `mu` (K, 2) the mean of child minus parent, px, and `w` (K, 2) = 1 / (2 sigma^2), px^-2.
The root's rows of `mu` and `w` are not used. (Slide "Structured prediction"; Felzenszwalb and Huttenlocher 2005.)
"""

import warnings

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import csr_array
from scipy.special import logsumexp


def as_tree(parents):
    """Parents as an integer array (K,), after a look whether they form a rooted tree.

    Raises
    ------
    ValueError
        If they are not whole numbers in 0 ... K - 1, if not exactly one part is its own parent, or if there is a cycle.
    """
    given = np.asarray(parents)
    if given.ndim != 1 or not len(given) or given.dtype.kind not in "iu":
        raise ValueError(f"parents must hold one whole number for each part, got {given.dtype} of shape {given.shape}.")
    K = len(given)
    if given.min() < 0 or given.max() >= K:
        raise ValueError(f"parents must lie in 0 ... {K - 1}, got {given.tolist()}.")
    given = given.astype(int)
    roots = np.flatnonzero(given == np.arange(K))
    if len(roots) != 1:
        raise ValueError(f"exactly one part, the root, is its own parent; here these are: {roots.tolist()}.")
    ancestor = np.arange(K)
    for _ in range(K):
        ancestor = given[ancestor]
    if np.any(ancestor != roots[0]):
        raise ValueError(f"parents hold a cycle: from part {np.argmax(ancestor != roots[0])} no way leads to the root.")
    return given


def as_problem(costs, parents, mu, w):
    """The four arguments of most functions here as arrays, after a look whether they fit together.

    Raises
    ------
    ValueError
        If their shapes do not fit, the parents are no tree, a cost is NaN or -inf, a part has no possible place at all, or
        a weight or mean of a part other than the root is not finite, or a weight not positive.
    """
    costs, mu, w = (np.asarray(values, dtype=float) for values in (costs, mu, w))
    parents = as_tree(parents)
    K = len(parents)
    if costs.ndim != 3 or len(costs) != K or 0 in costs.shape or mu.shape != (K, 2) or w.shape != (K, 2):
        shapes = f"{costs.shape}, {mu.shape} and {w.shape}"
        raise ValueError(f"want costs ({K}, H, W), mu ({K}, 2) and w ({K}, 2) for {K} parents, got {shapes}.")
    if np.isnan(costs).any() or np.isneginf(costs).any():
        raise ValueError("costs must be numbers or +inf: there is a NaN or -inf among them.")
    impossible = np.isposinf(costs).all(axis=(1, 2))
    if impossible.any():
        raise ValueError(f"part {np.argmax(impossible)} has no place with a finite cost.")
    limbs = parents != np.arange(K)
    if not (np.isfinite(mu[limbs]).all() and np.isfinite(w[limbs]).all() and (w[limbs] > 0).all()):
        raise ValueError("mu must be finite, and w finite and positive, for every part but the root.")
    return costs, parents, mu, w


def fit_offsets(poses, parents, min_variance=1.0):
    """How parts lie to each other: mean and spread of child minus parent over many frames.

    Parameters
    ----------
    poses : ndarray (N, K, 2)
        Keypoints (x, y), px, NaN where missing. An edge is fitted on the frames in which *both* its ends are known.
    parents : int array (K,)
        Any rooted tree; the root is its own parent.
    min_variance : float
        Smaller variances are raised to this, px^2: a limb that never changed in few frames is not rigid.

    Returns
    -------
    mu : ndarray of float64 (K, 2)
        Mean of child minus parent, px.
    w : ndarray of float64 (K, 2)
        1 / (2 variance), px^-2, with the population variance (divided by the number of frames). Both have a row for the
        root, which means nothing.

    Raises
    ------
    ValueError
        If shapes do not fit, the parents are no tree, or some part is never known together with its parent.
    """
    poses, parents = np.asarray(poses, dtype=float), as_tree(parents)
    K = len(parents)
    if poses.ndim != 3 or poses.shape[1:] != (K, 2):
        raise ValueError(f"fit_offsets: want poses (N, {K}, 2) for {K} parents, got {poses.shape}.")
    known = ~np.isnan(poses).any(axis=2)
    together = known & known[:, parents]
    if not together.any(axis=0).all():
        k = np.argmin(together.any(axis=0))
        raise ValueError(f"fit_offsets: part {k} is never known in the same frame as its parent {parents[k]}.")
    ### BEGIN SOLUTION
    offset = np.where(together[..., None], poses - poses[:, parents], np.nan)
    mu, variance = np.nanmean(offset, axis=0), np.nanvar(offset, axis=0)
    ### END SOLUTION
    return mu, 0.5 / np.maximum(variance, min_variance)


def unaries(probabilities, floor=1e-6):
    """Costs of the parts' places from a detector's maps: -log of each map as a distribution over places.

    Parameters
    ----------
    probabilities : ndarray (K, H, W)
        One map for each part, values in [0, 1]. Each map is divided by its own sum; a map of zeros says nothing, and
        counts as uniform.
    floor : float
        Probabilities of places below this are raised to it (after the division), so that no place costs more than
        -log(floor).

    Returns
    -------
    ndarray of float64 (K, H, W)

    Raises
    ------
    ValueError
        If there are not three axes, or a value is outside [0, 1].
    """
    maps = np.asarray(probabilities, dtype=float)
    if maps.ndim != 3 or not ((maps >= 0) & (maps <= 1)).all():
        raise ValueError(f"unaries: want probabilities (K, H, W) in [0, 1], got shape {maps.shape} or values outside.")
    ### BEGIN SOLUTION
    total = maps.sum(axis=(1, 2), keepdims=True)
    places = np.where(total > 0, maps / np.where(total > 0, total, 1.0), 1.0 / maps[0].size)
    return -np.log(np.maximum(places, floor))
    ### END SOLUTION


def votes(probabilities, offsets, stride, grid, cell=2.0, spread=2.0, share=1.0):
    """A detector's coarse score maps as fine maps: every cell votes for the place that its offset points to.

    Parameters
    ----------
    probabilities : ndarray (K, h, w)
        Score of each cell, in [0, 1]; cell (i, j) is centred at stride * (j, i) + (stride - 1) / 2 px.
    offsets : ndarray (K, 2, h, w)
        (dx, dy) from the cell's centre to the keypoint, px.
    stride : int
        Width of these cells, px.
    grid : (int, int)
        Rows H and columns W of the fine map. Its cell (i, j) is centred at cell * (j, i) + (cell - 1) / 2 px.
    cell : float
        Width of its cells, px.
    spread : float
        Standard deviation of a vote, px.
    share : float
        What a cell of probability 1 adds to the sum of the map. With one over the number of cells that are positive around
        a keypoint in training, the sum says how likely it is that the keypoint was seen.

    Returns
    -------
    ndarray of float64 (K, H, W)
    """
    K, h, w = np.shape(probabilities)
    maps = np.zeros((K, *grid))
    middle = [(size - 1) / 2 for size in (stride, cell)]
    place = [cell * np.arange(size) + middle[1] for size in grid]
    for k in range(K):
        i, j = np.nonzero(probabilities[k] > 0.005)  # all others together add next to nothing
        y, x = stride * i + middle[0] + offsets[k, 1, i, j], stride * j + middle[0] + offsets[k, 0, i, j]
        down, along = (np.exp(-0.5 * ((p - c[:, None]) / spread) ** 2) for p, c in ((place[0], y), (place[1], x)))
        maps[k] = (probabilities[k, i, j, None] * down).T @ along
    return maps * share * cell**2 / (2.0 * np.pi * spread**2)


def distance_transform_1d(f, w, mu=0.0):
    """The generalised distance transform of a row of costs, D(p) = min_q f(q) + w (p - q - mu)^2, in linear time.

    D is the lower envelope of n parabolas of one shape, the one of q with its lowest point f(q) at p = q + mu: `mu` is where
    p wants to be relative to q. (Felzenszwalb and Huttenlocher 2012, "Distance transforms of sampled functions".)

    Parameters
    ----------
    f : ndarray (n,)
        Costs, n >= 1; +inf where q is impossible.
    w : float
        Weight, positive.
    mu : float
        Any number: whole or not, inside the row or far outside of it.

    Returns
    -------
    values : ndarray of float64 (n,)
        D(p) for p = 0 ... n - 1; +inf everywhere if all of f is.
    argmin : ndarray of int (n,)
        In 0 ... n - 1: a q that attains it. Which one, where several do, is free. Time and memory grow with n, not n^2.

    Raises
    ------
    ValueError
        If `f` is not one row, a cost is NaN or -inf, or `w` is not positive.
    """
    f, w = np.asarray(f, dtype=float), float(w)
    if f.ndim != 1 or not len(f) or not 0 < w < np.inf or not np.isfinite(mu):
        raise ValueError(f"distance_transform_1d: want f (n,), w > 0, mu finite, got {f.shape}, w = {w}, mu = {mu}.")
    if np.isnan(f).any() or np.isneginf(f).any():
        raise ValueError("distance_transform_1d: costs must be numbers or +inf: there is a NaN or -inf among them.")
    n = len(f)
    ### BEGIN SOLUTION
    height, lowest, start = f.tolist(), [], []  # whose parabola is the lowest, and from which p - mu on
    for q in np.flatnonzero(np.isfinite(f)).tolist():
        cross = -np.inf
        while lowest:
            r = lowest[-1]
            cross = (q + r) / 2 + (height[q] - height[r]) / (2 * w * (q - r))
            if cross > start[-1]:
                break
            lowest.pop(), start.pop()
        lowest.append(q)
        start.append(cross if len(lowest) > 1 else -np.inf)
    first = np.clip(np.ceil(np.array(start) + mu), 0, n).astype(int)  # the first p that belongs to each
    argmin = np.repeat(lowest, np.diff(first, append=n)) if lowest else np.zeros(n, dtype=int)
    return f[argmin] + w * (np.arange(n) - argmin - mu) ** 2, argmin
    ### END SOLUTION


def distance_transform_2d(f, w, mu):
    """The generalised distance transform of a map: rows first, then columns of what they gave.

    D(p) = min_q f(q) + w[0] (p_x - q_x - mu[0])^2 + w[1] (p_y - q_y - mu[1])^2. The squared distance is a sum over the two
    axes, so the minimum over q_x may be taken before the minimum over q_y, each by `distance_transform_1d`.

    Parameters
    ----------
    f : ndarray (H, W)
        Costs, +inf where q is impossible.
    w, mu : array_like (2,)
        Weights and offset for (x, y).

    Returns
    -------
    values : ndarray of float64 (H, W)
        D at row p_y and column p_x.
    rows, cols : ndarray of int (H, W)
        q_y and q_x of a q that attains it.

    Raises
    ------
    ValueError
        If a shape is wrong, or as in `distance_transform_1d`.
    """
    f = np.asarray(f, dtype=float)
    if f.ndim != 2 or 0 in f.shape or np.shape(w) != (2,) or np.shape(mu) != (2,):
        shapes = f"{f.shape}, {np.shape(w)} and {np.shape(mu)}"
        raise ValueError(f"distance_transform_2d: want f (H, W), w (2,) and mu (2,), got {shapes}.")
    ### BEGIN SOLUTION
    across = [distance_transform_1d(row, w[0], mu[0]) for row in f]
    best = np.array([values for values, _ in across])
    best_cols = np.array([argmin for _, argmin in across])
    down = [distance_transform_1d(column, w[1], mu[1]) for column in best.T]
    values = np.array([values for values, _ in down]).T
    rows = np.array([argmin for _, argmin in down]).T
    return values, rows, np.take_along_axis(best_cols, rows, axis=0)
    ### END SOLUTION


def tree_order(parents):
    """An order of the parts in which each comes behind its parent, the root first.

    Parameters
    ----------
    parents : int array (K,)
        Any rooted tree; the root is its own parent. A parent may have a larger number than its child.

    Returns
    -------
    ndarray of int (K,)
        A permutation of 0 ... K - 1. Brothers and cousins may come in any order.

    Raises
    ------
    ValueError
        If the parents are no tree.
    """
    parents = as_tree(parents)
    ### BEGIN SOLUTION
    depth, ancestor = np.zeros(len(parents), dtype=int), np.arange(len(parents))
    while np.any(parents[ancestor] != ancestor):
        depth += parents[ancestor] != ancestor
        ancestor = parents[ancestor]
    return np.argsort(depth, kind="stable")
    ### END SOLUTION


def pose_energy(pose, costs, parents, mu, w):
    """Energy of one pose: the costs of its places, and of the stretch of each limb.

    Parameters
    ----------
    pose : int array (K, 2)
        Places (x, y) = (column, row) on the grid.
    costs : ndarray (K, H, W)
    parents : int array (K,)
        Any rooted tree; the root is its own parent and has no limb: its rows of `mu` and `w` are not used.
    mu, w : ndarray (K, 2)
        Mean of child minus parent, in places of the grid, and weights, places^-2, for (x, y).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the arguments do not fit (see `as_problem`), or a place is not on the grid.
    """
    costs, parents, mu, w = as_problem(costs, parents, mu, w)
    pose, (K, H, W) = np.asarray(pose), costs.shape
    if pose.shape != (K, 2) or pose.dtype.kind not in "iu" or (pose < 0).any() or (pose >= [W, H]).any():
        raise ValueError(f"pose_energy: want {K} whole-numbered places (x, y) on a grid of {W} columns and {H} rows.")
    pose = pose.astype(int)  # numbers without a sign have no negative differences
    ### BEGIN SOLUTION
    part, (x, y) = np.arange(K), pose.T
    stretch = w * (pose - pose[parents] - mu) ** 2
    return float(costs[part, y, x].sum() + stretch[parents != part].sum())
    ### END SOLUTION


def map_pose(costs, parents, mu, w, transform=None):
    """The pose of lowest energy (maximum a posteriori), by messages from the leaves to the root and pointers back.

    The message of part k to its parent at p is min_q m_k(q) + w[k] (q - p - mu[k])^2, where m_k is the cost of k plus the
    messages of its own children: a distance transform with offset *minus* mu[k].

    Parameters
    ----------
    costs : ndarray (K, H, W)
    parents : int array (K,)
        Any rooted tree; the root is its own parent, its rows of `mu` and `w` are not used.
    mu, w : ndarray (K, 2)
        Mean of child minus parent, in places of the grid, and weights, places^-2, for (x, y).
    transform : callable, optional
        What takes the place of `distance_transform_2d`: a compiled version, say.

    Returns
    -------
    pose : ndarray of int (K, 2)
        Places (x, y) = (column, row); one of them, where several poses have the lowest energy.
    energy : float
        Its energy.

    Raises
    ------
    ValueError
        If the arguments do not fit (see `as_problem`).
    """
    costs, parents, mu, w = as_problem(costs, parents, mu, w)
    if transform is None:
        transform = distance_transform_2d
    pose = np.zeros((len(parents), 2), dtype=int)
    ### BEGIN SOLUTION
    order, total, pointers = tree_order(parents), costs.copy(), {}
    for k in order[:0:-1]:  # children before parents, without the root
        message, rows, cols = transform(total[k], w[k], -mu[k])
        total[parents[k]] += message
        pointers[k] = rows, cols
    root = order[0]
    pose[root] = np.unravel_index(np.argmin(total[root]), total[root].shape)[::-1]
    for k in order[1:]:
        x, y = pose[parents[k]]
        rows, cols = pointers[k]
        pose[k] = cols[y, x], rows[y, x]
    return pose, float(total[root].min())
    ### END SOLUTION


def soft_transform(log_map, w, mu):
    """The distance transform's soft brother, S(p) = log sum_q exp(log_map(q) - w (p - q - mu)^2), over a whole map.

    Like `distance_transform_2d` with a sum in place of the minimum, and for minus the costs. The squared distance is a sum
    over the two axes, so two products with tables (W, W) and (H, H) do. Nothing wraps around the border.

    Parameters
    ----------
    log_map : ndarray (H, W)
        Logarithms, -inf where there is nothing, but not everywhere.
    w, mu : array_like (2,)
        Weights and offset for (x, y).

    Returns
    -------
    ndarray of float64 (H, W)
    """
    tables = []
    for size, weight, shift in zip(log_map.shape[::-1], w, mu):
        place = np.arange(size)
        tables.append(-weight * (place[:, None] - place - shift) ** 2)  # (p, q)
    highest = log_map.max()
    total = np.exp(tables[1]) @ np.exp(log_map - highest) @ np.exp(tables[0]).T
    if total.min() > 1e-250:
        return highest + np.log(total)
    # Some places are so far from everything that the exponentials vanish: sum in the logarithmic domain.
    filled = np.isfinite(log_map)
    down, along = filled.any(axis=1), filled.any(axis=0)
    across = logsumexp(log_map[down][:, None, along] + tables[0][:, along], axis=2)
    return logsumexp(across + tables[1][:, down, None], axis=1)


def log_partition(costs, parents, mu, w):
    """log Z, the logarithm of the sum of exp(-energy) over all poses on the grid.

    Messages as in `map_pose`, with `soft_transform` in place of the minimum: the message of part k to its parent at p is
    log sum_q exp(b_k(q) - w[k] (q - p - mu[k])^2), where b_k is minus the cost of k plus the messages of its children.

    Parameters
    ----------
    costs, parents, mu, w
        As in `map_pose`.

    Returns
    -------
    float
        A constant that is added to all costs of a part is subtracted from it, however large.

    Raises
    ------
    ValueError
        If the arguments do not fit (see `as_problem`).
    """
    costs, parents, mu, w = as_problem(costs, parents, mu, w)
    ### BEGIN SOLUTION
    order, belief = tree_order(parents), -costs
    for k in order[:0:-1]:
        belief[parents[k]] += soft_transform(belief[k], w[k], -mu[k])
    root = belief[order[0]]
    return float(root.max() + np.log(np.exp(root - root.max()).sum()))
    ### END SOLUTION


def marginals(costs, parents, mu, w):
    """Where each part is, whatever the others do: probabilities of its places under p(pose) = exp(-energy) / Z.

    Messages up to the root as in `log_partition`, and then down: the message of a parent to its child k carries all that
    the parent knows but for what came from k itself.

    Parameters
    ----------
    costs, parents, mu, w
        As in `map_pose`.

    Returns
    -------
    ndarray of float64 (K, H, W)
        Each map sums to one. A constant that is added to all costs of a part changes nothing, however large.

    Raises
    ------
    ValueError
        If the arguments do not fit (see `as_problem`).
    """
    costs, parents, mu, w = as_problem(costs, parents, mu, w)
    order, belief, upward = tree_order(parents), -costs, {}
    ### BEGIN SOLUTION
    for k in order[:0:-1]:
        upward[k] = soft_transform(belief[k], w[k], -mu[k])
        belief[parents[k]] += upward[k]
    for k in order[1:]:
        belief[k] += soft_transform(belief[parents[k]] - upward[k], w[k], mu[k])
    ### END SOLUTION
    places = np.exp(belief - belief.max(axis=(1, 2), keepdims=True))
    return places / places.sum(axis=(1, 2), keepdims=True)


def sample_pose(costs, parents, mu, w, rng):
    """One pose drawn from p(pose) = exp(-energy) / Z, exactly.

    By the chain rule: draw the place of one part from its marginal, hold it there (all other places cost +inf), draw the
    next part from *its* marginal given that, and so on.

    Parameters
    ----------
    costs, parents, mu, w
        As in `map_pose`.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    ndarray of int (K, 2)
        Places (x, y) = (column, row).

    Raises
    ------
    ValueError
        If the arguments do not fit (see `as_problem`).
    """
    costs, parents, mu, w = as_problem(costs, parents, mu, w)
    pose, held = np.zeros((len(costs), 2), dtype=int), costs.copy()
    for k in range(len(costs)):
        ### BEGIN SOLUTION
        places = marginals(held, parents, mu, w)[k]
        y, x = np.unravel_index(rng.choice(places.size, p=places.ravel()), places.shape)
        pose[k] = x, y
        held[k] = np.inf
        held[k, y, x] = costs[k, y, x]
        ### END SOLUTION
    return pose


def pairwise_cost(same_prob, clip=1e-6):
    """What it costs to say yes to something of probability p: log((1 - p) / p), elementwise.

    Negative where yes is more likely than no, and the sum over independent questions is minus the log odds that all the
    answers are yes. (DeepCut, Pishchulin et al. 2016, section 3; there for pairs of candidates and for single ones.)

    Parameters
    ----------
    same_prob : ndarray, any shape; (D, D) for pairs
        Probabilities that two candidates belong to the same animal, in [0, 1].
    clip : float
        Probabilities are first moved into [clip, 1 - clip], so that no cost is infinite.

    Returns
    -------
    ndarray of float64, the shape of `same_prob`

    Raises
    ------
    ValueError
        If a probability is outside [0, 1].
    """
    p = np.asarray(same_prob, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("pairwise_cost: probabilities must be in [0, 1].")
    p = np.clip(p, clip, 1.0 - clip)
    ### BEGIN SOLUTION
    return np.log1p(-p) - np.log(p)
    ### END SOLUTION


def as_candidates(part_prob, pair_prob):
    """Probabilities of candidates as arrays, after a look whether they fit together.

    Raises
    ------
    ValueError
        If shapes do not fit, a probability is outside [0, 1], or the pairs are not symmetric.
    """
    part_prob, pair_prob = np.asarray(part_prob, dtype=float), np.asarray(pair_prob, dtype=float)
    D = len(part_prob)
    if part_prob.ndim != 2 or not part_prob.shape[1] or pair_prob.shape != (D, D):
        shapes = f"{part_prob.shape} and {pair_prob.shape}"
        raise ValueError(f"want part_prob (D, C) and pair_prob (D, D) for D candidates, got {shapes}.")
    for name, p in (("part_prob", part_prob), ("pair_prob", pair_prob)):
        if not ((p >= 0) & (p <= 1)).all():
            raise ValueError(f"{name} must hold probabilities in [0, 1].")
    if not np.array_equal(pair_prob, pair_prob.T):
        raise ValueError(
            "pair_prob must be symmetric: that d belongs to e and that e belongs to d is the same question."
        )
    return part_prob, pair_prob


def assembly_cost(clusters, part_prob, pair_prob):
    """The objective of `partition_and_label`: what an assembly costs, 0 where every candidate is dropped.

    Parameters
    ----------
    clusters : int array (D,)
        Animal of each candidate, -1 where it is dropped. A kept candidate is taken for its likeliest part.
    part_prob : ndarray (D, C)
    pair_prob : ndarray (D, D)

    Returns
    -------
    float
    """
    clusters = np.asarray(clusters)
    kept = clusters >= 0
    same = np.triu((clusters[:, None] == clusters) & kept, 1)
    return float(pairwise_cost(np.max(part_prob, axis=1))[kept].sum() + pairwise_cost(pair_prob)[same].sum())


def greedy_assembly(part_prob, pair_prob):
    """Group candidates into animals step by step, each time the step that lowers `assembly_cost` most.

    At first every candidate is a cluster of its own. The two clusters whose union saves most are merged, until none saves
    anything (greedy additive edge contraction; Keuper et al. 2015). Then single candidates move: into another cluster, into one of
    their own, or out, always the best move of all, until none saves anything.

    Parameters
    ----------
    part_prob, pair_prob
        As in `partition_and_label`.

    Returns
    -------
    labels, clusters : ndarrays of int (D,)
        As in `partition_and_label`.

    Raises
    ------
    ValueError
        As in `as_candidates`.
    """
    part_prob, pair_prob = as_candidates(part_prob, pair_prob)
    D = len(part_prob)
    if not D:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    alone, pair = pairwise_cost(part_prob.max(axis=1)), pairwise_cost(pair_prob)
    np.fill_diagonal(pair, 0.0)
    member = np.eye(D)  # row c: who is in cluster c
    while len(member) > 1:
        between = member @ pair @ member.T
        np.fill_diagonal(between, 0.0)
        a, b = np.unravel_index(np.argmin(between), between.shape)
        if between[a, b] >= 0:
            break
        member[a] += member[b]
        member = np.delete(member, b, axis=0)
    # The two last rows: a cluster that is still empty, and the candidates that are left out.
    member = np.vstack([member, np.zeros((2, D))])
    for _ in range(10 * D * D):  # never reached: every move lowers the cost
        cost = member @ pair + alone
        cost[-1] = 0.0
        gain = cost - (member * cost).sum(axis=0)  # of moving candidate d to row c
        c, d = np.unravel_index(np.argmin(gain), gain.shape)
        if gain[c, d] >= -1e-12:
            break
        member[:, d] = 0.0
        member[c, d] = 1.0
        if member[-2].any():
            member = np.insert(member, len(member) - 1, 0.0, axis=0)
    clusters = np.where(member[-1] > 0, -1, member.argmax(axis=0))
    return np.where(clusters < 0, -1, part_prob.argmax(axis=1)), clusters


def hungarian_assembly(part_prob, pair_prob):
    """Group candidates into animals part by part, as Hungarian matching does it: at most one candidate of a part each.

    The part whose candidates promise most (the lowest sum of negative costs) starts the animals. Then, part by part in that order, the
    candidates of a part are matched to the animals so far so that the total cost is lowest: a candidate's own cost and
    that of its pairs with all who are in the animal already. One that no animal wants at a negative total
    starts an animal of its own, if its own cost is negative, and else is dropped.

    Parameters
    ----------
    part_prob, pair_prob
        As in `partition_and_label`.

    Returns
    -------
    labels, clusters : ndarrays of int (D,)
        As in `partition_and_label`.

    Raises
    ------
    ValueError
        As in `as_candidates`.
    """
    part_prob, pair_prob = as_candidates(part_prob, pair_prob)
    D, C = part_prob.shape
    part, alone, pair = part_prob.argmax(axis=1), pairwise_cost(part_prob.max(axis=1)), pairwise_cost(pair_prob)
    clusters, animals = np.full(D, -1), 0
    promise = np.bincount(part, weights=np.minimum(alone, 0.0), minlength=C)
    for c in np.argsort(promise, kind="stable"):
        candidates = np.flatnonzero(part == c)
        cost = np.zeros((animals, len(candidates)))
        for n in range(animals):
            cost[n] = alone[candidates] + pair[candidates][:, clusters == n].sum(axis=1)
        for n, i in zip(*linear_sum_assignment(np.minimum(cost, 0.0)), strict=True):
            if cost[n, i] < 0:
                clusters[candidates[i]] = n
        for d in candidates[(clusters[candidates] < 0) & (alone[candidates] < 0)]:
            clusters[d] = animals
            animals += 1
    return np.where(clusters < 0, -1, part), clusters


def solve_binary(cost, cuts, relaxed=False, node_limit=None):
    """Minimise cost'z over z in {0, 1}^n, or over the box [0, 1]^n, under constraints of one form.

    Parameters
    ----------
    cost : array (n,)
    cuts : list of pairs (more, less) of lists of variables
        Each asks that the sum of z over `more` is at most the sum over `less`.
    relaxed : bool
        Let z be anything between 0 and 1: a linear programme, whose minimum is a lower bound.
    node_limit : int, optional
        Largest number of nodes of the branch-and-bound tree.

    Returns
    -------
    ndarray (n,), or None
        The optimum; None where the solver stopped before it was sure.
    """
    row = np.repeat(np.arange(len(cuts)), [len(more) + len(less) for more, less in cuts])
    column = [v for more, less in cuts for v in (*more, *less)]
    sign = [s for more, less in cuts for s in [1.0] * len(more) + [-1.0] * len(less)]
    A = csr_array((sign, (row, column)), shape=(len(cuts), len(cost)))
    options = {"mip_rel_gap": 0.0} | ({} if node_limit is None or relaxed else {"node_limit": node_limit})
    constraints = [LinearConstraint(A, -np.inf, 0.0)] if cuts else None
    result = milp(cost, integrality=int(not relaxed), bounds=Bounds(0.0, 1.0), constraints=constraints, options=options)
    return result.x if result.status == 0 else None


def partition_and_label(part_prob, pair_prob, node_limit=None):
    """DeepCut: which candidates are parts, of which kind, and which belong to the same animal, decided together.

    Every candidate is kept or dropped, every two kept ones are in the same animal or not, and to be in the same animal is
    transitive. With x_d = 1 where d is kept, and y_de = 1 where d and e are kept and in the same animal,

        minimise   sum_d log((1 - p_d) / p_d) x_d + sum_(d<e) log((1 - p_de) / p_de) y_de
        subject to y_de <= x_d,  y_de <= x_e,  and  y_de + y_ef <= y_df + x_e  for all triples d, e, f,

    p_d the probability of d's likeliest part and p_de that of the pair, clipped as in `pairwise_cost`. There are very many
    triples. So only those are added that a solution violates, and the programme is solved again, until none is: first the
    linear relaxation, which is quick, and then in whole numbers. (Pishchulin et al. 2016, "DeepCut"; Insafutdinov et al.
    2016, "DeeperCut".)

    Parameters
    ----------
    part_prob : ndarray (D, C)
        Probability that candidate d is a part of kind c.
    pair_prob : ndarray (D, D)
        Probability that two candidates belong to the same animal; symmetric, the diagonal is not used. Several candidates
        of one kind may end in one animal, if their pairs are likely enough.
    node_limit : int, optional
        Largest number of nodes of the solver's branch-and-bound tree. Where it is reached, a `RuntimeWarning` says so, and
        the result is that of `greedy_assembly`.

    Returns
    -------
    labels : ndarray of int (D,)
        Kind of each candidate, its likeliest, -1 where it is dropped.
    clusters : ndarray of int (D,)
        Animal of each candidate, a number from 0 on that its animal shares, -1 where it is dropped.

    Raises
    ------
    ValueError
        As in `as_candidates`.
    """
    part_prob, pair_prob = as_candidates(part_prob, pair_prob)
    D = len(part_prob)
    if not D:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    first, second = np.triu_indices(D, 1)
    y = np.zeros((D, D), dtype=int)  # y[d, e]: the number of variable y_de; that of x_d is d
    y[first, second] = y[second, first] = D + np.arange(len(first))
    ### BEGIN SOLUTION
    cost = np.append(pairwise_cost(part_prob.max(axis=1)), pairwise_cost(pair_prob)[first, second])
    cuts = [([y[d, e]], [x]) for d, e in zip(first, second) for x in (d, e)]
    ### END SOLUTION
    relaxed = True
    while True:
        z = solve_binary(cost, cuts, relaxed, node_limit)
        if z is None:
            message = f"partition_and_label: not solved within {node_limit} nodes; this is the greedy assembly."
            warnings.warn(message, RuntimeWarning, stacklevel=2)
            return greedy_assembly(part_prob, pair_prob)
        same = z[y] * (1.0 - np.eye(D))  # y_de as a table (D, D), zero where d = e
        violated = []
        ### BEGIN SOLUTION
        for e in range(D):
            excess = same[:, [e]] + same[e] - same - z[e]
            for d, f in np.argwhere(np.triu(excess, 1) > 1e-6):
                if e not in (d, f):
                    violated.append(([y[d, e], y[e, f]], [y[d, f], e]))
        ### END SOLUTION
        cuts += violated
        if not violated and not relaxed:
            break
        relaxed = relaxed and bool(violated)
    ### BEGIN SOLUTION
    kept, together = z[:D] > 0.5, (same > 0.5) | np.eye(D, dtype=bool)
    clusters = np.where(kept, together.argmax(axis=1), -1)  # each animal is called by its first candidate
    return np.where(kept, part_prob.argmax(axis=1), -1), clusters
    ### END SOLUTION
