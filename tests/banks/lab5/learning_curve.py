"""What goes wrong, and what else is right, in `learning_curve`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def filled(fit, evaluate, counts, seeds, frames):
    """The table for label sets `frames(row, seed, count)`."""
    errors = np.empty((len(seeds), len(counts)))
    for row, seed in enumerate(seeds):
        for column, count in enumerate(counts):
            errors[row, column] = evaluate(fit(frames(row, seed, count), seed))
    return errors


@mistake("draws new frames for each count", hint="swaps frames")
def not_nested(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return np.random.default_rng([seed, count]).permutation(num_frames)[:count]

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("goes on with one generator from count to count", hint="swaps frames")
def one_generator_for_the_counts(fit, evaluate, counts, num_frames, seeds):
    errors = np.empty((len(seeds), len(counts)))
    for row, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        for column, count in enumerate(counts):
            errors[row, column] = evaluate(fit(rng.choice(num_frames, count, replace=False), seed))
    return errors


@mistake("draws frames with replacement", hint="labels a frame twice")
def with_replacement(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return np.random.default_rng(seed).integers(num_frames, size=count)

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("takes the first frames of the video", hint="consecutive frames look alike")
def first_frames(fit, evaluate, counts, num_frames, seeds):
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: np.arange(count))


@mistake("takes consecutive frames from a random one on", hint="consecutive frames look alike")
def a_stretch(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return (np.random.default_rng(seed).integers(num_frames) + np.arange(count)) % num_frames

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("takes frames at equal distances", hint="one permutation of the frames per seed")
def equal_distances(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return np.linspace(0, num_frames - 1, count).astype(int)

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("takes the same frames for all seeds", hint="frames of its own")
def same_for_all(fit, evaluate, counts, num_frames, seeds):
    order = np.random.default_rng(0).permutation(num_frames)
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: order[:count])


@mistake("shares one generator among the seeds", hint="whatever other seeds")
def one_generator_for_the_seeds(fit, evaluate, counts, num_frames, seeds):
    rng = np.random.default_rng(0)
    orders = [rng.permutation(num_frames) for _ in seeds]
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])


@mistake("seeds with the row instead of the seed", hint="whatever other seeds")
def seeded_by_the_row(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(row).permutation(num_frames) for row in range(len(seeds))]
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])


@mistake("draws without a seed", hint="the same again whenever it is run")
def no_seed(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng().permutation(num_frames) for _ in seeds]
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])


@mistake("never takes the first frame", hint="the first and the last as well")
def without_the_first(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        order = np.random.default_rng(seed).permutation(num_frames)
        return order[order > 0][:count] if count < num_frames else order

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("counts frames from one", hint="the first and the last as well")
def counts_from_one(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return 1 + np.random.default_rng(seed).permutation(num_frames)[:count]

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("takes the last frames of the permutation for large counts", hint="more labels include the fewer")
def from_both_ends(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        order = np.random.default_rng(seed).permutation(num_frames)
        return order[:count] if count < 20 else order[-count:]

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("takes one frame too few", hint="counts[column] frames")
def one_too_few(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return np.random.default_rng(seed).permutation(num_frames)[: count - 1]

    return filled(fit, evaluate, counts, seeds, frames)


@mistake("puts the seeds into columns", hint="errors[row, column]")
def transposed(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count]).T


@mistake("sorts the counts", hint="in the order given")
def sorted_counts(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    return filled(fit, evaluate, sorted(counts), seeds, lambda row, seed, count: orders[row][:count])


@mistake("averages over the seeds", hint="errors[row, column]")
def averaged(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count]).mean(axis=0)


@mistake("trains each model with the seed 0", hint="gets that seed, too")
def trains_with_zero(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    return filled(lambda i, seed: fit(i, 0), evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])


@mistake("gives `fit` the row instead of the seed", hint="gets that seed, too")
def trains_with_the_row(fit, evaluate, counts, num_frames, seeds):
    seeds = list(seeds)
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    return np.array(
        [[evaluate(fit(order[:count], row)) for count in counts] for row, order in enumerate(orders)], float
    )


@mistake("trains each model twice", hint="Each model is trained once")
def trains_twice(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])


@mistake("draws as many frames as the largest label set", hint="beside whatever other counts")
def draws_the_largest_set(fit, evaluate, counts, num_frames, seeds):
    errors = np.empty((len(seeds), len(counts)))
    for row, seed in enumerate(seeds):
        order = np.random.default_rng(seed).choice(num_frames, size=max(counts), replace=False)
        errors[row] = [evaluate(fit(order[:count], seed)) for count in counts]
    return errors


@mistake("adds frames from one number to the next", hint="beside whatever other counts")
def grows_step_by_step(fit, evaluate, counts, num_frames, seeds):
    errors = np.empty((len(seeds), len(counts)))
    for row, seed in enumerate(seeds):
        rng, chosen = np.random.default_rng(seed), np.zeros(0, dtype=int)
        for column in np.argsort(counts):
            rest = np.setdiff1d(np.arange(num_frames), chosen)
            more = rng.choice(rest, size=counts[column] - len(chosen), replace=False)
            chosen = np.concatenate([chosen, more])
            errors[row, column] = evaluate(fit(chosen, seed))
    return errors


@mistake("takes frames away from one number to the next", hint="beside whatever other counts")
def shrinks_step_by_step(fit, evaluate, counts, num_frames, seeds):
    errors = np.empty((len(seeds), len(counts)))
    for row, seed in enumerate(seeds):
        rng, chosen = np.random.default_rng(seed), np.arange(num_frames)
        for column in np.argsort(counts)[::-1]:
            chosen = rng.permutation(chosen)[: counts[column]]
            errors[row, column] = evaluate(fit(chosen, seed))
    return errors


@mistake("uses the last digit of the seed", hint="frames of its own")
def last_digit(fit, evaluate, counts, num_frames, seeds):
    errors = np.empty((len(seeds), len(counts)))
    for row, seed in enumerate(seeds):
        order = np.random.default_rng(seed % 10).permutation(num_frames)
        errors[row] = [evaluate(fit(order[:count], seed)) for count in counts]
    return errors


@alternative
def permuted_once(fit, evaluate, counts, num_frames, seeds):
    orders = [np.random.default_rng(seed).permutation(num_frames) for seed in seeds]
    return filled(fit, evaluate, counts, seeds, lambda row, seed, count: orders[row][:count])


@alternative
def sorted_frames_of_a_shuffled_list(fit, evaluate, counts, num_frames, seeds):
    errors = []
    for seed in seeds:
        frames = list(range(num_frames))
        np.random.default_rng(seed + 1).shuffle(frames)
        errors.append([evaluate(fit(indices=sorted(frames[:count]), seed=seed)) for count in counts])
    return errors


@alternative
def by_random_keys(fit, evaluate, counts, num_frames, seeds):
    def frames(row, seed, count):
        return np.argsort(np.random.RandomState(seed).uniform(size=num_frames))[:count]

    return filled(fit, evaluate, counts, seeds, frames)


@alternative
def trained_before_tested(fit, evaluate, counts, num_frames, seeds):
    models = []
    for seed in seeds:
        order = np.random.default_rng(seed).choice(num_frames, size=num_frames, replace=False)
        models.append([fit(order[:count], seed) for count in counts])
    return np.array([[evaluate(model) for model in row] for row in models])
