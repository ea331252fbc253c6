"""Oracles and inputs that several checks of Lab 5 share."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder import agree


def normalized(name, channels):
    """Shapes of a batch normalisation's parameters and buffers."""
    shapes = {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}
    return shapes | {f"{name}.num_batches_tracked": ()}


def block_shapes(in_channels, channels, stride=1, bottleneck=False, prefix=""):
    """What the state dict of a residual block holds, by name."""
    out = 4 * channels if bottleneck else channels
    widths, kernels = ((channels, channels, out), (1, 3, 1)) if bottleneck else ((channels, channels), (3, 3))
    shapes, before = {}, in_channels
    for n, (width, kernel) in enumerate(zip(widths, kernels, strict=True), start=1):
        shapes[f"{prefix}conv{n}.weight"] = (width, before, kernel, kernel)
        shapes |= normalized(f"{prefix}bn{n}", width)
        before = width
    if stride != 1 or in_channels != out:
        shapes[f"{prefix}downsample.0.weight"] = (out, in_channels, 1, 1)
        shapes |= normalized(f"{prefix}downsample.1", out)
    return shapes


def draw_state(rng, shapes):
    """A random state dict that keeps activations about as large as they are."""
    state = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            state[name] = np.array(3)
        elif name.endswith("running_var"):
            state[name] = rng.uniform(0.5, 2.0, shape)
        elif len(shape) > 1:
            state[name] = rng.normal(size=shape) * np.sqrt(2.0 / np.prod(shape[1:]))
        else:
            state[name] = rng.normal(size=shape) * 0.3 + name.endswith("weight")
    return {name: value if value.dtype == int else value.astype(np.float32) for name, value in state.items()}


def tensors(state):
    return {name: torch.from_numpy(np.array(value)) for name, value in state.items()}


def batch_norm(state, name, x, training=False):
    weight, bias, mean, var = (state[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))
    return F.batch_norm(x, mean.clone(), var.clone(), weight, bias, training=training)


def residual_block(state, prefix, x, stride, training=False):
    """A block's forward pass. The only 3x3 convolution of a bottleneck carries the stride, else the first one."""
    strides = (1, stride, 1) if f"{prefix}conv3.weight" in state else (stride, 1)
    y = x
    for n, step in enumerate(strides, start=1):
        weight = state[f"{prefix}conv{n}.weight"]
        y = F.conv2d(y, weight, stride=step, padding=weight.shape[-1] // 2)
        y = batch_norm(state, f"{prefix}bn{n}", y, training)
        y = F.relu(y) if n < len(strides) else y
    if f"{prefix}downsample.0.weight" in state:
        x = F.conv2d(x, state[f"{prefix}downsample.0.weight"], stride=stride)
        x = batch_norm(state, f"{prefix}downsample.1", x, training)
    return F.relu(x + y)


def close(result, expected, tolerance=1e-5):
    """Networks compute in float32: errors are measured against the largest value, and add up over the layers."""
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    agree(result, expected, rtol=0.0, atol=tolerance * float(np.max(np.abs(expected))))


PRECISE = 1e-4  # px: single precision of a hundred pixels, and to spare


def same_kind(exercise, given, *results):
    """Tensors in, tensors of the same precision out."""
    if isinstance(given, torch.Tensor):
        assert exercise.tensors == len(results), "tensors went in, and arrays came back: give back tensors like those"
        due = given.numpy().dtype
        for result in results:
            assert result.dtype == due, (
                f"tensors of {due} went in, and came back as {result.dtype}: tensors like those are due"
            )


def close_gradients(found, state, names):
    """Gradients by name. Loosely, because one activation that rounds to the other side of a ReLU's kink moves them."""
    for name in names:
        assert found.get(name) is not None, f"no gradient reached {name}"
        close(found[name], state[name].grad, tolerance=0.02)


def same_names(net, shapes):
    """Which parameters a module lacks, has too many, twice, or in another shape, in one line; buffers show when it loads."""
    for second, first in net.shared().items():
        raise AssertionError(f"{second} and {first} are one and the same: make a new part for each place")
    found = net.shapes()
    expected = {name: shape for name, shape in shapes.items() if name.endswith(("weight", "bias"))}
    missing, spare = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    assert not missing, f"it has no {', '.join(missing[:6])}" + f"; it has {', '.join(spare[:6])}" * bool(spare)
    assert not spare, f"it has {', '.join(spare[:6])}, which torchvision's does not have"
    for name, shape in expected.items():
        assert tuple(found[name]) == shape, f"{name} has shape {tuple(found[name])}, expected {shape}"


def hourglass_shapes(depth, channels, prefix=""):
    shapes = {}
    for part in ("skip.", "before.", "after.") + (("inner.",) if depth == 1 else ()):
        shapes |= block_shapes(channels, channels, prefix=prefix + part)
    return shapes | (hourglass_shapes(depth - 1, channels, f"{prefix}inner.") if depth > 1 else {})


def hourglass(state, depth, x, prefix=""):
    """Forward pass of an hourglass from its state dict, in evaluation mode."""
    y = residual_block(state, f"{prefix}before.", F.max_pool2d(x, 2), 1)
    inner = f"{prefix}inner."
    y = hourglass(state, depth - 1, y, inner) if depth > 1 else residual_block(state, inner, y, 1)
    y = residual_block(state, f"{prefix}after.", y, 1)
    y = y.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)
    return y + residual_block(state, f"{prefix}skip.", x, 1)


def cell_centers(number, stride):
    """Where the cells of one axis are centred: the mean of the pixels that each of them covers."""
    return np.arange(number * stride, dtype=float).reshape(number, stride).mean(axis=1)


def blob(shape, center, sigma):
    """A Gaussian with its peak of 1 at the point (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2.0 * sigma**2))


def centroid(image):
    """The mean point (x, y) of a picture, weighted by its values."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(x * image).sum(), (y * image).sum()]) / image.sum()
