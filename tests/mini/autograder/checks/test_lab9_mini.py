import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points, quiet


@points(1)
@hint("Twice means 2 * x.")
def test_doubles(double, rng):
    x = rng.normal(size=(2, 3))
    assert_allclose(double(x), x + x)


@points(1)
@quiet
@hint("Zero stays zero.")
def test_keeps_zero(double):
    assert_allclose(double(np.zeros(3)), np.zeros(3))


@points(1)
@hint("path[t + 1] = f(path[t]).")
def test_iterates(iterate):
    assert_allclose(iterate(lambda x: 3.0 * x, np.ones(2), 3), 3.0 ** np.arange(4)[:, None] * np.ones(2))


@points(1)
@hint("One call of f per step.")
def test_calls_once_per_step(iterate):
    calls = []
    iterate(lambda x: calls.append(1) or x, np.ones(2), 5)
    assert len(calls) == 5, f"f was called {len(calls)} times for 5 steps"


@points(1)
@hint("second(relu(first(x))).")
def test_forward(TinyNet, rng):
    net = TinyNet(3, 4)
    weights = {
        "first.weight": rng.normal(size=(4, 3)).astype(np.float32),
        "first.bias": rng.normal(size=4).astype(np.float32),
        "second.weight": rng.normal(size=(1, 4)).astype(np.float32),
        "second.bias": rng.normal(size=1).astype(np.float32),
    }
    net.load(weights)
    x = rng.normal(size=(5, 3)).astype(np.float32)
    hidden = np.maximum(x @ weights["first.weight"].T + weights["first.bias"], 0.0)
    import torch

    assert_allclose(
        net(torch.from_numpy(x)), hidden @ weights["second.weight"].T + weights["second.bias"], rtol=1e-4, atol=1e-5
    )


@points(1)
@hint("The gradient flows through both layers.")
def test_gradient(TinyNet):
    import torch

    net = TinyNet(2, 3)
    found = net.backward(torch.ones(4, 2))
    assert_allclose(found["parameters"]["second.bias"], [4.0])


@points(1)
@hint("Add standard normal noise to the mean.")
def test_moments(draw_normal, rng):
    samples = np.array([draw_normal(np.array([1.0, -2.0]), rng) for _ in range(400)])
    # 400 draws: a standard error of 0.05; five of them is a false alarm once in millions of runs
    assert np.all(np.abs(samples.mean(axis=0) - [1.0, -2.0]) < 0.25), "the mean of 400 samples is off"
    assert np.all(np.abs(samples.std(axis=0) - 1.0) < 0.18), "the spread of 400 samples is off"
