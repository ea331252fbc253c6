import numpy as np

from autograder.judge.bank import alternative, mistake


@mistake("drops the last, smaller batch", hint="smaller last one, which is kept")
def drops_last(num_examples, batch_size, rng):
    order = rng.permutation(num_examples)
    for k in range(num_examples // batch_size):
        yield order[k * batch_size : (k + 1) * batch_size]


@mistake("draws with replacement", hint="drawing with replacement")
def with_replacement(num_examples, batch_size, rng):
    for start in range(0, num_examples, batch_size):
        yield rng.integers(num_examples, size=min(batch_size, num_examples - start))


@mistake("draws every batch afresh from all examples", hint="exactly once")
def fresh_draws(num_examples, batch_size, rng):
    for start in range(0, num_examples, batch_size):
        yield rng.choice(num_examples, size=min(batch_size, num_examples - start), replace=False)


@mistake("does not shuffle", hint="The order is random")
def in_order(num_examples, batch_size, rng):
    order = np.arange(num_examples)
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@mistake("shuffles the batches but not the examples", hint="not blocks of them")
def shuffled_blocks(num_examples, batch_size, rng):
    blocks = [np.arange(s, min(s + batch_size, num_examples)) for s in range(0, num_examples, batch_size)]
    last = blocks.pop() if num_examples % batch_size else None
    for k in rng.permutation(len(blocks)):
        yield blocks[k]
    if last is not None:
        yield last


@mistake("shuffles inside the batches only", hint="not blocks of them")
def shuffled_inside(num_examples, batch_size, rng):
    for start in range(0, num_examples, batch_size):
        yield rng.permutation(np.arange(start, min(start + batch_size, num_examples)))


@mistake("ignores the generator", hint="from rng alone")
def own_generator(num_examples, batch_size, rng):
    order = np.random.default_rng(0).permutation(num_examples)
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@mistake("uses NumPy's global generator", hint="from rng alone")
def global_generator(num_examples, batch_size, rng):
    order = np.random.permutation(num_examples)  # noqa: NPY002
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@mistake("appends an empty batch where the size divides the number", hint="no batch is empty")
def empty_last(num_examples, batch_size, rng):
    order = rng.permutation(num_examples)
    for k in range(num_examples // batch_size + 1):
        yield order[k * batch_size : (k + 1) * batch_size]


@mistake("fills the last batch up from the front", hint="exactly once")
def wraps(num_examples, batch_size, rng):
    order = rng.permutation(num_examples)
    for start in range(0, num_examples, batch_size):
        yield order[np.arange(start, start + batch_size) % num_examples]


@mistake("leaves the last example out", hint="every example exactly once")
def one_short(num_examples, batch_size, rng):
    order = rng.permutation(num_examples - 1)
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@mistake("makes all batches about equally large", hint="hold batch_size examples")
def even_split(num_examples, batch_size, rng):
    yield from np.array_split(rng.permutation(num_examples), -(-num_examples // batch_size))


@mistake("yields floats", hint="expected integers")
def floats(num_examples, batch_size, rng):
    order = rng.permutation(num_examples).astype(float)
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@mistake("puts every k-th example into a batch", hint="every k-th example")
def every_kth(num_examples, batch_size, rng):
    count = -(-num_examples // batch_size)
    order = np.concatenate([rng.permutation(np.arange(k, num_examples, count)) for k in rng.permutation(count)])
    return [order[start : start + batch_size] for start in range(0, num_examples, batch_size)]


@mistake("shuffles the batches as well, the ragged one among them", hint="except a smaller last one")
def ragged_anywhere(num_examples, batch_size, rng):
    order = rng.permutation(num_examples)
    batches = [order[start : start + batch_size] for start in range(0, num_examples, batch_size)]
    return [batches[k] for k in rng.permutation(len(batches))]


@mistake("shuffles each half by itself", hint="not blocks of them")
def halves(num_examples, batch_size, rng):
    half = num_examples // 2
    order = np.concatenate([rng.permutation(half), half + rng.permutation(num_examples - half)])
    return [order[start : start + batch_size] for start in range(0, num_examples, batch_size)]


@mistake("shuffles all but the last example", hint="deal all examples out")
def all_but_the_last(num_examples, batch_size, rng):
    order = np.arange(num_examples)
    order[:-1] = rng.permutation(num_examples - 1)
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@alternative
def generator(num_examples, batch_size, rng):
    order = np.arange(num_examples)
    rng.shuffle(order)
    for start in range(0, num_examples, batch_size):
        yield order[start : start + batch_size]


@alternative
def list_of_lists(num_examples, batch_size, rng):
    left = [int(n) for n in rng.permutation(num_examples)]
    batches = []
    while left:
        batches.append(left[:batch_size])
        left = left[batch_size:]
    return iter(batches)


@alternative
def by_random_keys(num_examples, batch_size, rng):
    order = np.argsort(rng.random(num_examples))
    return np.split(order, np.arange(batch_size, num_examples, batch_size))


@alternative
def dealt_to_batches(num_examples, batch_size, rng):
    batch = rng.permutation(num_examples) // batch_size
    return [np.flatnonzero(batch == k) for k in range(-(-num_examples // batch_size))]
