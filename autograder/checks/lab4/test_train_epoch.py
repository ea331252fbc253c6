"""Checks of `train_epoch`."""

import numpy as np
import pytest
import torch

from autograder import agree, hint, points
from autograder.checks.lab4.common import normal


class Regression:
    """Least squares with two weights, whose losses and gradients are known without torch; batches of 4, 2 and 5 rows.

    With another scale of the data gradients have another size, but weights move as before.
    """

    def __init__(self, train_epoch, rng, batches=3, scale=1.0):
        rows = (4, 2, 5)[:batches]
        self.step = 0.02 / scale**2
        self.X = [scale * (rng.normal(size=(n, 2)).round(3) + 1.0) for n in rows]
        # Each batch is harder than the one before, so that no loss is the mean of all by accident.
        self.y = [scale * (rng.normal(size=(n, 1)).round(3) + 3.0 + 4.0 * i) for i, n in enumerate(rows)]
        self.w = np.array([[0.5, -0.25]])
        self.net = train_epoch.torch("nn.Linear", 2, 1, bias=False)
        self.net.load({"weight": self.w.astype(np.float32)})
        self.optimizer = train_epoch.torch("optim.SGD", self.net, lr=self.step)
        self.batches = [tuple(torch.from_numpy(a.astype(np.float32)) for a in pair) for pair in zip(self.X, self.y)]

    def run(self):
        """Losses before each step, and the weights in the end."""
        w, losses = self.w.copy(), []
        for X, y in zip(self.X, self.y):
            residual = X @ w.T - y
            losses.append(np.mean(residual**2))
            w = w - self.step * 2 / len(y) * residual.T @ X
        return np.array(losses), w


@points(1)
@hint(
    "Returned is one number, the mean over all batches of the loss as it was before each one's step: sum the values "
    "(.item()) and divide by how many batches there were, whatever their sizes. Neither the last one nor the sum, and not "
    "measured again afterwards. `batches` may be an iterator, which can be gone through once and has no length.",
    also=("shape", "not numbers", "exception"),
)
@pytest.mark.parametrize("batches, once", [(3, False), (1, False), (3, True)])
def test_returns_the_mean_loss(train_epoch, rng, batches, once):
    problem = Regression(
        train_epoch, rng, batches, scale=0.1
    )  # gradients below 1: how they are used is the next check's
    losses, _ = problem.run()
    arguments = problem.net, problem.batches, problem.optimizer, train_epoch.torch("nn.MSELoss")
    result = train_epoch.with_iterator(1, *arguments) if once else train_epoch(*arguments)
    agree(result, np.mean(losses), rtol=1e-4)
    assert isinstance(result, (float, np.floating)), "returned a tensor or an array, a float is due: .item()"


@points(1)
@hint(
    "For every batch, in this order: zero_grad, forward, loss, backward, step. Without zero_grad gradients pile up from "
    "batch to batch; a step before backward uses the last batch's; one step at the end is not enough; and gradients are "
    "used as they are, not clipped."
)
@pytest.mark.parametrize("batches", [3, 1])
def test_takes_a_step_per_batch(train_epoch, rng, batches):
    problem = Regression(train_epoch, rng, batches)
    loss = train_epoch.torch("nn.MSELoss")
    _, first = problem.run()
    problem.w = first
    _, second = problem.run()
    # A second epoch starts with the gradients that the first one left behind.
    train_epoch(problem.net, problem.batches, problem.optimizer, loss)
    after_one = problem.net.state()["weight"]
    train_epoch(problem.net, problem.batches, problem.optimizer, loss)
    agree(after_one, first, rtol=1e-4, atol=1e-5)
    agree(problem.net.state()["weight"], second, rtol=1e-4, atol=1e-4)


@points(1)
@hint(
    "Call model.train() before the first batch, and leave the model so: dropout and batch normalisation work otherwise "
    "in eval mode, in which somebody may have left it."
)
def test_trains_in_training_mode(train_epoch, rng):
    norm = train_epoch.torch("nn.BatchNorm1d", 2)
    net = train_epoch.torch("nn.Sequential", {"norm": norm, "line": train_epoch.torch("nn.Linear", 2, 1)})
    ones, zeros = torch.ones(2), torch.zeros(2)
    fresh = {"weight": ones, "bias": zeros, "running_mean": zeros, "running_var": ones}
    fresh = {f"norm.{name}": value for name, value in fresh.items()} | {"norm.num_batches_tracked": torch.tensor(0)}
    net.load({**fresh, "line.weight": normal(rng, 1, 2), "line.bias": normal(rng, 1)})
    net.train(False)
    batches = Regression(train_epoch, rng).batches
    train_epoch(net, batches, train_epoch.torch("optim.SGD", net, lr=0.01), train_epoch.torch("nn.MSELoss"))
    assert net.attribute("training") is True, "the model is not in training mode afterwards"
    seen = int(net.state()["norm.num_batches_tracked"])
    assert seen == 3, f"batch normalisation saw {seen} of 3 batches in training mode"


@points(1)
@hint(
    "Five frames can be learned by heart in thirty epochs; a loop that does not manage that updates the wrong "
    "thing, or nothing. Check the order zero_grad, backward, step, and that the loss gets (outputs, targets)."
)
def test_learns_five_frames_by_heart(train_epoch):
    # One draw for everybody: whether a loop that piles gradients up learns it in time is a matter of luck.
    # Of 60 draws the worst mean loss was 0.0014, and every right pixel led the next best by 6 in its logit.
    rng = np.random.default_rng(5)
    first, last = train_epoch.torch("nn.Conv2d", 1, 8, 5, padding=2), train_epoch.torch("nn.Conv2d", 8, 1, 3, padding=1)
    net = train_epoch.torch("nn.Sequential", first, train_epoch.torch("nn.ReLU"), last)
    net.load({name: 0.2 * normal(rng, *shape) for name, shape in net.shapes().items()})
    frames, truth = [], rng.integers(2, 10, size=(5, 2))
    for x, y in truth:
        image, target = rng.uniform(0.0, 0.3, size=(1, 1, 12, 12)), np.zeros((1, 1, 12, 12))
        image[0, 0, y - 1 : y + 2, x - 1 : x + 2], target[0, 0, y, x] = 1.0, 1.0
        frames.append((torch.from_numpy(image.astype(np.float32)), torch.from_numpy(target.astype(np.float32))))
    adam, loss = train_epoch.torch("optim.Adam", net, lr=0.05), train_epoch.torch("nn.BCEWithLogitsLoss")
    train_epoch(net, frames * 30, adam, loss)
    for (image, _), (x, y) in zip(frames, truth, strict=True):
        found = np.unravel_index(np.argmax(net(image)[0, 0]), (12, 12))
        assert tuple(found) == (y, x), (
            f"after 30 epochs the highest logit of a frame is at {tuple(found)}, not {(y, x)}"
        )
    value = train_epoch(net, frames, adam, loss)
    assert np.ndim(value) == 0 and value is not None, "one number is due"
    assert 0.0 <= value < 0.05, f"the loss of the 31st epoch is {value:.3g}"
