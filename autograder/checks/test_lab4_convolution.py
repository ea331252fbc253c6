"""Lab 4: what the thirteen exercises on correlation, heatmaps, detectors and their evaluation must do."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose
from scipy import ndimage, special

from autograder import budget, hint, no_probe, points, raises


def agree(result, expected, rtol=1e-10, atol=0.0):
    """Shapes too, because numpy.testing lets a scalar stand for an array and (1,) for a scalar."""
    shape = np.shape(expected)
    assert np.shape(result) == shape, f"returned shape {np.shape(result)}, expected {shape}"
    assert_allclose(result, expected, rtol=rtol, atol=atol)


def agree_single(result, expected):
    """To single precision, relative to the largest value: modules and some honest solutions compute in float32."""
    agree(result, expected, rtol=2e-5, atol=2e-5 * np.nanmax(np.abs(expected), initial=1e-30))


def of_kind(kind, *arrays):
    """The same numbers as NumPy arrays or as tensors."""
    converted = [torch.from_numpy(np.array(a)) if kind == "tensor" else a for a in arrays]
    return converted[0] if len(converted) == 1 else converted


KINDS = pytest.mark.parametrize("kind", ["array", "tensor"])


# --- cross_correlate, patch_logits -----------------------------------------------------------------------------------


def windows(image, size):
    """What lies under the kernel at every pixel, (H, W, h * w): torch's unfold of the padded image."""
    (h, w), (top, left) = size, ((size[0] - 1) // 2, (size[1] - 1) // 2)
    padded = F.pad(torch.from_numpy(image)[None, None], (left, w - 1 - left, top, h - 1 - top))
    return F.unfold(padded, size)[0].T.reshape(*image.shape, h * w).numpy()


def image_and_kernel(rng, shape, size):
    """No kernel is symmetric, and none of its entries small, so that a flip or a shift shows."""
    kernel = rng.uniform(0.5, 1.0, size=size) + 3.0 * np.arange(size[0] * size[1]).reshape(size)
    return rng.uniform(0.5, 1.0, size=shape), kernel


@points(1)
@hint(
    "out[r, c] is the sum of kernel[i, j] times image[r + i - (h - 1) // 2, c + j - (w - 1) // 2]: the kernel is laid "
    "on the image as it is. Turned by 180 degrees it would be a convolution (scipy.signal.convolve2d, np.convolve)."
)
@pytest.mark.parametrize("size", [(3, 5), (5, 3), (1, 1), (1, 3), (7, 1)])
def test_lays_the_kernel_on_unflipped(cross_correlate, rng, size):
    image, kernel = image_and_kernel(rng, (9, 12), size)
    agree(cross_correlate(image, kernel), windows(image, size) @ kernel.ravel(), rtol=1e-9)


@points(1)
@hint(
    "With an even size the kernel's pixel ((h - 1) // 2, (w - 1) // 2) lies on the output's pixel: pad (h - 1) // 2 "
    "rows above and the rest, h - 1 - (h - 1) // 2, below. scipy centres at h // 2, one pixel further."
)
@pytest.mark.parametrize("size", [(2, 4), (4, 3), (3, 2), (1, 6)])
def test_centres_even_kernels(cross_correlate, rng, size):
    image, kernel = image_and_kernel(rng, (11, 9), size)
    agree(cross_correlate(image, kernel), windows(image, size) @ kernel.ravel(), rtol=1e-9)


@points(1)
@hint(
    "Beyond the border the image is zero: it neither goes on with its edge, nor is it mirrored, nor does the opposite "
    "edge come in (np.roll, a Fourier transform without padding). The result has the size of the image."
)
def test_pads_with_zeros(cross_correlate, rng):
    image = rng.uniform(0.5, 1.0, size=(8, 6))
    # Sums over windows: differences of the integral image, which ends at the border.
    integral = np.pad(image, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    for h, w in ((3, 3), (5, 1), (1, 5)):
        top, left = np.maximum(np.arange(8) - h // 2, 0), np.maximum(np.arange(6) - w // 2, 0)
        bottom, right = np.minimum(np.arange(8) + h // 2 + 1, 8), np.minimum(np.arange(6) + w // 2 + 1, 6)
        low, high = integral[np.ix_(top, left)], integral[np.ix_(bottom, right)]
        expected = high - integral[np.ix_(top, right)] - integral[np.ix_(bottom, left)] + low
        agree(cross_correlate(image, np.ones((h, w))), expected, rtol=1e-9)


@points(1)
@hint(
    "The kernel may be as large as the image, and the image a single row or pixel: only zeros are added, so the result "
    "still has the image's shape. The kernel acts linearly: negative values count, nothing is rescaled or clipped."
)
@pytest.mark.parametrize("shape, size", [((6, 9), (6, 9)), ((5, 4), (5, 4)), ((1, 7), (1, 3)), ((1, 1), (1, 1))])
def test_takes_kernels_as_large_as_the_image(cross_correlate, rng, shape, size):
    image, kernel = image_and_kernel(rng, shape, size)
    expected = windows(image, size) @ kernel.ravel()
    agree(cross_correlate(image, kernel), expected, rtol=1e-9)
    agree(cross_correlate(-image, 100.0 * kernel), -100.0 * expected, rtol=1e-9)


@points(1)
@hint(
    "The score of the patch around every pixel is w'x + b, with x the patch's pixels line by line: give w its two "
    "dimensions back, np.reshape(w, (h, w)), and correlate; no flip, no transpose, no sigmoid."
)
@pytest.mark.parametrize("size", [(3, 5), (5, 3), (4, 2), (4, 4), (1, 1)])
def test_scores_the_patch_at_every_pixel(patch_logits, rng, size):
    image, kernel = image_and_kernel(rng, (10, 13), size)
    w = kernel.ravel() - 1.5 * len(kernel.ravel())  # of both signs
    agree(patch_logits(image, w, 0.0, size), windows(image, size) @ w, rtol=1e-9, atol=1e-9)


@points(1)
@hint("The offset b is added once to every score, also at the border and also where the weights or the image are zero.")
@pytest.mark.parametrize("b", [-2.5, 4.0])
def test_adds_the_offset_everywhere(patch_logits, rng, b):
    image = rng.uniform(0.5, 1.0, size=(6, 8))
    agree(patch_logits(image, np.zeros(15), b, (3, 5)), np.full((6, 8), b))
    agree(patch_logits(np.zeros((6, 8)), np.arange(15.0), b, (3, 5)), np.full((6, 8), b))
    agree(patch_logits(image, np.ones(9), b, (3, 3)), windows(image, (3, 3)).sum(axis=-1) + b, rtol=1e-9)


@points(1)
@budget(cpu=5, memory=250)
@hint(
    "Cutting out the patch at every pixel takes h w numbers per pixel, half a gigabyte here. One correlation of the "
    "image with the reshaped weights gives the same scores in the memory of a few images."
)
def test_cuts_out_no_patches(patch_logits):
    # A product of a row and a column profile, with weights that factor as well: so do the scores.
    rows, cols = 1.0 + np.arange(240) % 7, 1.0 + np.arange(280) % 5
    down, across = np.linspace(-1.0, 2.0, 33), np.linspace(1.0, -0.5, 31)
    vertical = ndimage.correlate1d(rows, down, mode="constant")
    horizontal = ndimage.correlate1d(cols, across, mode="constant")
    logits = patch_logits(np.outer(rows, cols), np.outer(down, across).ravel(), 0.5, (33, 31))
    agree(logits, np.outer(vertical, horizontal) + 0.5, rtol=1e-9, atol=1e-6)


# --- disc_targets, downsample, downsample_points ---------------------------------------------------------------------


@points(1)
@KINDS
@hint(
    "One map (H, W) per keypoint, in their order: 1.0 where the Euclidean distance of the pixel (x, y) = (column, row) "
    "from the keypoint is at most the radius, 0.0 elsewhere. A disc around a point that need not be whole."
)
def test_draws_a_disc_for_each_keypoint(disc_targets, rng, kind):
    keypoints = np.array([[9.25, 4.75], [15.25, 6.75], [5.75, 8.25]]) + rng.integers(0, 3, size=(3, 2))
    H, W = 13, 22
    lattice = np.arange(W) + 1j * np.arange(H)[:, None]
    for radius in (3.7, 0.6):  # quarters: no distance comes near a radius
        expected = [(np.abs(lattice - complex(x, y)) < radius) * 1.0 for x, y in keypoints]
        agree(disc_targets(of_kind(kind, keypoints), (H, W), radius), expected)
    agree(
        disc_targets(of_kind(kind, keypoints[:1]), (H, W), 3.7).sum(),
        np.sum(np.abs(lattice - complex(*keypoints[0])) < 3.7),
    )


@points(1)
@hint("A pixel at exactly the radius belongs to the disc: distances are compared by <=, without rounding the keypoint.")
def test_includes_the_rim(disc_targets):
    # Lattice points of x^2 + y^2 <= r^2 (Gauss's circle problem), and the same around the middle of a square.
    for radius, count in ((0.0, 1), (1.0, 5), (2.0, 13), (5.0, 81)):
        maps = disc_targets(np.array([[12.0, 8.0]]), (17, 25), radius)
        agree(np.sum(maps), float(count))
        rim = [maps[0][8, 12 + int(radius)], maps[0][8 - int(radius), 12]]
        agree(rim, [1.0, 1.0])
    agree(np.sum(disc_targets(np.array([[12.5, 8.0]]), (17, 25), 2.5)), 22.0)  # columns at ±1/2, ±3/2, ±5/2: 5, 5, 1
    agree(np.sum(disc_targets(np.array([[12.5, 8.0]]), (17, 25), 0.25)), 0.0)


@points(1)
@hint(
    "A keypoint that was not seen (NaN in one or both coordinates) has a map of zeros, and keeps its place. One "
    "outside the image is no error: what of its disc falls inside is 1, nothing is clipped, wrapped or moved to the edge."
)
def test_knows_missing_and_outside_keypoints(disc_targets):
    nan = np.nan
    keypoints = np.array([[nan, nan], [4.0, 3.0], [nan, 2.0], [2.0, nan], [-2.0, 3.0], [9.0, 8.0], [-50.0, 3.0]])
    maps = disc_targets(keypoints, (7, 9), 3.0)
    assert np.shape(maps) == (7, 7, 9), f"returned shape {np.shape(maps)}, expected (7, 7, 9)"
    assert np.all(np.isfinite(maps)), "a map holds NaN"
    agree(np.sum(maps, axis=(1, 2)), [0.0, 29.0, 0.0, 0.0, 6.0, 2.0, 0.0])
    inside = np.argwhere(maps[4] == 1.0).tolist()
    assert inside == [[1, 0], [2, 0], [3, 0], [3, 1], [4, 0], [5, 0]], f"the disc around (-2, 3) covers {inside}"


@points(1)
@no_probe("integers")  # honest in float32
@KINDS
@hint(
    "Each small pixel is the mean of a block of factor x factor pixels, in every channel on its own. Taking every "
    "second pixel throws the others away; sums, maxima and interpolation change the brightness."
)
@pytest.mark.parametrize("factor", [2, 3])
def test_averages_blocks_of_the_image(downsample, rng, kind, factor):
    image, targets = rng.uniform(size=(3, 6, 12)), np.zeros((2, 6, 12))
    smaller, _ = downsample(*of_kind(kind, image, targets), factor)
    running = ndimage.uniform_filter(image, (0, factor, factor))  # its window ends (factor - 1) // 2 after the pixel
    agree(smaller, running[:, factor // 2 :: factor, factor // 2 :: factor], rtol=1e-5)


@points(1)
@no_probe("integers")  # honest in float32
@hint(
    "A small pixel is positive if any pixel of its block was: maxima of the blocks. A mean turns a small disc into "
    "fractions, and picking one pixel of a block may lose it."
)
@pytest.mark.parametrize("factor", [2, 4])
def test_keeps_every_positive_target(downsample, rng, factor):
    H, W = 3 * factor, 5 * factor
    targets, expected = np.zeros((4, H, W)), np.zeros((4, 3, 5))
    targets[3] = 0.25  # a soft target stays what it is
    expected[3] = 0.25
    for k in range(3):
        y, x = rng.integers(0, H), rng.integers(0, W)
        targets[k, y, x], expected[k, y // factor, x // factor] = 1.0, 1.0
    targets[0, 0, 1], expected[0, 0, 0] = 1.0, 1.0  # neither the first pixel of its block nor the last
    _, smaller = downsample(rng.uniform(size=(1, H, W)), targets, factor)
    agree(smaller, expected, rtol=1e-6)


@points(1)
@no_probe("integers")  # honest in float32
@hint(
    "Rows and columns that do not fill a block, below and on the right, are dropped: H // factor rows and W // factor "
    "columns are left. Nothing is padded, and factor 1 changes nothing."
)
@pytest.mark.parametrize("shape, factor", [((7, 11), 2), ((5, 9), 4), ((6, 10), 1), ((4, 7), 4)])
def test_drops_the_ragged_edge(downsample, rng, shape, factor):
    image, targets = rng.uniform(size=(1, *shape)), rng.integers(0, 2, size=(2, *shape)).astype(float)
    small, heat = downsample(image, targets, factor)
    h, w = shape[0] // factor, shape[1] // factor
    assert np.shape(small) == (1, h, w), f"returned an image of shape {np.shape(small)}, expected {(1, h, w)}"
    assert np.shape(heat) == (2, h, w), f"returned targets of shape {np.shape(heat)}, expected {(2, h, w)}"
    for r in range(h):
        for c in range(w):
            block = np.s_[:, r * factor : (r + 1) * factor, c * factor : (c + 1) * factor]
            agree(small[0][r, c], np.mean(image[block]), rtol=1e-5)
            agree(heat[:, r, c], np.max(targets[block], axis=(1, 2)), rtol=1e-6)


@points(1)
@KINDS
@hint(
    "Pixel centres are at integers, so pixel 0 reaches from -1/2 to 1/2, and a small pixel j covers the large ones "
    "factor j ... factor j + factor - 1, whose middle is factor j + (factor - 1) / 2. A plain division is half a pixel off."
)
@pytest.mark.parametrize("factor", [3, 2, 8])
def test_sends_the_middle_of_a_block_to_its_pixel(downsample_points, rng, kind, factor):
    small = rng.integers(0, 20, size=(6, 2)).astype(float)
    middles = [[np.mean(np.arange(factor) + factor * j) for j in point] for point in small]
    agree(downsample_points(of_kind(kind, np.array(middles)), factor), small, atol=1e-5)


@points(1)
@hint(
    "Any number of leading axes, points outside the image too, and NaN stays NaN; nothing is rounded. With 1 / factor "
    "the same formula leads from the small image back to the large one."
)
@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2), (0, 2)])
def test_maps_points_of_any_shape(downsample_points, rng, shape):
    line = np.array([-200.0, 200.0])  # the map is a straight line through (1/2, 0) and (9/2, 2)
    p = rng.uniform(-150.0, 150.0, size=shape)
    agree(downsample_points(p, 2), np.interp(p, line, (line - 0.5) / 2), rtol=1e-5, atol=1e-5)
    agree(downsample_points(p, 0.5), np.interp(p, line, 2 * line + 0.5), rtol=1e-5, atol=1e-5)
    gap = np.array([[np.nan, 3.5], [1.5, np.nan]])
    agree(downsample_points(gap, 4), [[np.nan, 0.5], [0.0, np.nan]], atol=1e-6)


# --- bernoulli_loss --------------------------------------------------------------------------------------------------


def logits_and_targets(rng, shape):
    """Moderate logits of both signs, and targets of both kinds."""
    logits = rng.uniform(0.5, 4.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    targets = np.resize([0.0, 1.0, 0.0], shape)
    return torch.from_numpy(logits), torch.from_numpy(targets)


@points(1)
@hint(
    "The mean (not the sum) over all entries of -log p of each target: softplus(-a) where y = 1, softplus(a) where "
    "y = 0, weighted by y and 1 - y in between. One positive number, for logits and not for probabilities."
)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (7,), (3, 5)])
def test_agrees_with_torch(bernoulli_loss, rng, shape):
    a, y = logits_and_targets(rng, shape)
    for targets in (y, 1 - y, 0.25 + 0.5 * y):
        agree(bernoulli_loss(a, targets), F.binary_cross_entropy_with_logits(a, targets), rtol=1e-6)


@points(1)
@hint(
    "pos_weight multiplies the term of the positives, y softplus(-a), only. The sum is then divided by the number of "
    "entries, not by the sum of the weights."
)
@pytest.mark.parametrize("weight", [5.0, 0.25])
def test_weights_the_positives(bernoulli_loss, rng, weight):
    a, y = logits_and_targets(rng, (2, 3, 4))
    expected = F.binary_cross_entropy_with_logits(a, y, pos_weight=torch.tensor(weight))
    agree(bernoulli_loss(a, y, weight), expected, rtol=1e-6)
    agree(bernoulli_loss(a, torch.zeros_like(y), weight), torch.log1p(torch.exp(a)).mean(), rtol=1e-6)
    agree(bernoulli_loss(a, torch.ones_like(y), weight), weight * torch.log1p(torch.exp(-a)).mean(), rtol=1e-6)


@points(1)
@hint(
    "At |a| = 1000 the sigmoid is 0 or 1 and its logarithm infinite; log(p + eps) is finite and wrong. Stay with the "
    "logits: pull the larger exponent out of log(exp(0) + exp(a)), as torch.logaddexp does."
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_is_finite_for_sure_logits(bernoulli_loss, dtype):
    a = torch.tensor([1000.0, -1000.0, 1000.0, -1000.0, 90.0, -90.0], dtype=dtype)
    y = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0, 1.0], dtype=dtype)
    agree(bernoulli_loss(a, y), 2180.0 / 6, rtol=1e-6)
    agree(bernoulli_loss(a, y, 3.0), (4 * 1000.0 + 4 * 90.0) / 6, rtol=1e-6)
    agree(bernoulli_loss(a[2:4], y[2:4]), 0.0, atol=1e-30)


@points(1)
@hint(
    "The gradient by a logit is (sigmoid(a) - y) / N. relu(a) and |a| have no slope at exactly a = 0, and where an "
    "exponential overflows the gradient is nan although the value may be fine (torch.where and clamp do not help)."
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_has_the_right_gradient(bernoulli_loss, dtype):
    a = torch.tensor([0.0, 0.0, 1000.0, -1000.0, 1000.0, -1000.0, 2.0, -3.0], dtype=dtype)
    y = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0], dtype=dtype)
    p = special.expit(a.numpy().astype(float))
    result = bernoulli_loss.value_and_gradients(a, y)
    agree(result["inputs"][0], (p - y.numpy()) / 8, rtol=1e-5, atol=1e-7)
    result = bernoulli_loss.value_and_gradients(a, y, 4.0)
    agree(result["inputs"][0], np.where(y.numpy() == 1, 4.0 * (p - 1), p) / 8, rtol=1e-5, atol=1e-7)


# --- ConvDetector, FeatureCNN ----------------------------------------------------------------------------------------


def normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape).astype(np.float32))


@points(1)
@hint(
    "One nn.Conv2d called `conv`, from in_channels to num_keypoints, with a bias and padded by patch_size // 2 zeros "
    "on each side so that the logits are as large as the image; `forward` gives back what it gives, logits without a sigmoid."
)
@pytest.mark.parametrize("K, size, C", [(3, 5, 1), (1, 3, 2), (2, 1, 1), (4, 7, 3)])
def test_is_one_convolution(ConvDetector, rng, K, size, C):
    net = ConvDetector(K, size, C)
    weight, bias, images = normal(rng, K, C, size, size), normal(rng, K), normal(rng, 2, C, 9, 12)
    net.load({"conv.weight": weight, "conv.bias": bias})
    flat = F.unfold(F.pad(images, [size // 2] * 4), size)  # (B, C size size, H W)
    expected = (weight.flatten(1) @ flat).reshape(2, K, 9, 12) + bias[:, None, None]
    agree_single(net(images), expected.numpy())


@points(1)
@hint(
    "The model is linear in its parameters, and gradients must reach both: `forward` calls self.conv on the images as "
    "they come. `in_channels` is 1 unless given, and nothing but `conv` has parameters."
)
def test_lets_gradients_through(ConvDetector, rng):
    net = ConvDetector(2, 3)
    images = normal(rng, 3, 1, 6, 7)
    net.load({"conv.weight": normal(rng, 2, 1, 3, 3), "conv.bias": normal(rng, 2)})
    shapes = {name: tuple(shape) for name, shape in net.shapes().items()}
    expected = {"conv.weight": (2, 1, 3, 3), "conv.bias": (2,)}
    assert shapes == expected, f"the trained parameters are {shapes}, expected {expected}"
    found = net.backward(images)
    gradients = found["parameters"]
    agree_single(gradients["conv.bias"], np.full(2, 3.0 * 6 * 7))
    padded = F.pad(images, [1] * 4).numpy().astype(float)
    by_weight = [[padded[:, 0, i : i + 6, j : j + 7].sum() for j in range(3)] for i in range(3)]
    agree(gradients["conv.weight"], np.array([[by_weight]] * 2), rtol=1e-4, atol=1e-3)


@points(1)
@hint("An even patch has no middle pixel: raise a ValueError for it in __init__. Odd sizes, 1 included, are fine.")
def test_refuses_even_patches(ConvDetector):
    for size in (2, 4, 12):
        with raises(ValueError):
            ConvDetector(3, size)
    for size in (1, 3, 11):
        shape = ConvDetector(1, size).shapes()["conv.weight"]
        assert tuple(shape) == (1, 1, size, size), f"a patch size of {size} made a kernel of shape {tuple(shape)}"


@points(1)
@hint(
    "Images (B, in_channels, H, W) give logits (B, num_keypoints, H, W): pad each layer so that the size stays, also "
    "for odd sizes, and do not end in a ReLU or sigmoid, because logits have both signs."
)
@pytest.mark.parametrize("K, width, C, shape", [(3, 8, 1, (17, 22)), (1, 4, 2, (16, 16)), (5, 16, 3, (9, 30))])
def test_gives_logits_of_the_image_s_size(FeatureCNN, rng, K, width, C, shape):
    net = FeatureCNN(K, width, C)
    net.train(False)
    images = normal(rng, 2, C, *shape)
    logits = net(images)
    assert np.shape(logits) == (2, K, *shape), f"returned shape {np.shape(logits)}, expected {(2, K, *shape)}"
    # Fresh weights are random: that 30 maps never fall below zero, or never rise above it, is no accident.
    lowest, highest = [], []
    for _ in range(6):
        net = FeatureCNN(5, 8, 1)
        net.train(False)
        maps = net(1e4 * normal(rng, 1, 1, 16, 16))
        lowest.append(np.min(maps))
        highest.append(np.max(maps))
    span = f"the logits of six new networks lie between {min(lowest):.3g} and {max(highest):.3g} for values of 10,000"
    assert min(lowest) < -1.0 and max(highest) > 1.0, span


@points(1)
@hint(
    "At least three convolutions with 3 x 3 kernels, `width` features in each hidden layer, and a ReLU after every one "
    "but the last: without them the layers collapse into a single linear one."
)
def test_has_hidden_layers_of_features(FeatureCNN, rng):
    net = FeatureCNN(2, 12, 1)
    net.train(False)
    shapes = [tuple(shape) for shape in net.shapes().values()]
    kernels = [shape for shape in shapes if len(shape) == 4 and shape[2:] == (3, 3)]
    assert len(kernels) >= 3, f"found {len(kernels)} layers with 3 x 3 kernels, expected 3 or more"
    wide = [shape for shape in kernels if shape[0] == 12]
    assert len(wide) >= 2, f"found {len(wide)} layers of 12 features for width=12, expected 2 or more"
    default = [tuple(shape) for shape in FeatureCNN(2).shapes().values()]
    assert any(len(s) == 4 and s[0] == 16 for s in default), "width is 16 unless given, found no layer of 16 features"
    # An affine map f has f(x) + f(-x) = 2 f(0).
    x = 3.0 * normal(rng, 4, 1, 16, 16)
    up, down, middle = net(x), net(-x), net(torch.zeros_like(x))
    bend = np.max(np.abs(up + down - 2 * middle)) / np.max(np.abs(up - middle))
    assert bend > 1e-3, f"the network is linear: f(x) + f(-x) differs from 2 f(0) by {bend:.1e} of its size"


@points(1)
@hint(
    "A shifted image must give shifted logits (away from the border): convolutions do that. A layer that depends on "
    "the position (linear over pixels), pooling or a stride, with upsampling after it, does not, nor does a global mean."
)
@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (3, 5), (-2, 7)])
def test_moves_with_the_image(FeatureCNN, rng, shift):
    net = FeatureCNN(2, 8, 1)
    net.train(False)
    scene = np.zeros((1, 1, 128, 128), dtype=np.float32)
    scene[..., 52:76, 52:76] = rng.normal(size=(24, 24))
    moved = np.roll(scene, shift, axis=(2, 3))
    logits, logits_moved = net(torch.from_numpy(scene)), net(torch.from_numpy(moved))
    dy, dx = shift
    here = logits[..., 48:80, 48:80]
    there = logits_moved[..., 48 + dy : 80 + dy, 48 + dx : 80 + dx]
    scale = np.max(np.abs(here - np.mean(here)))
    agree(there, here, rtol=1e-4, atol=1e-4 * scale + 1e-9)


# --- train_epoch -----------------------------------------------------------------------------------------------------


class Regression:
    """Least squares with two weights, whose losses and gradients are known without torch; B batches of 4 rows."""

    step = 0.02

    def __init__(self, train_epoch, rng, batches=3):
        self.X = rng.normal(size=(batches, 4, 2)).round(3) + 1.0
        # Each batch is harder than the one before, so that no loss is the mean of all by accident.
        self.y = rng.normal(size=(batches, 4, 1)).round(3) + 3.0 + 4.0 * np.arange(batches)[:, None, None]
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
    "(.item()) and divide by how many there were. Neither the last one nor the sum, and not measured again afterwards."
)
@pytest.mark.parametrize("batches", [3, 1])
def test_returns_the_mean_loss(train_epoch, rng, batches):
    problem = Regression(train_epoch, rng, batches)
    losses, _ = problem.run()
    result = train_epoch(problem.net, problem.batches, problem.optimizer, train_epoch.torch("nn.MSELoss"))
    agree(result, np.mean(losses), rtol=1e-4)


@points(1)
@hint(
    "For every batch, in this order: zero_grad, forward, loss, backward, step. Without zero_grad gradients pile up from "
    "batch to batch; a step before backward uses the last batch's; one step at the end is not enough."
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
    value = float(train_epoch(net, frames, adam, loss))
    assert 0.0 <= value < 0.05, f"the loss of the 31st epoch is {value:.3g}"


# --- argmax_2d, soft_argmax ------------------------------------------------------------------------------------------


@points(1)
@KINDS
@hint(
    "Points are (x, y) = (column, row), one for each map: with the map flattened row by row, index = y W + x, so "
    "x = index % W and y = index // W. The last two axes are the map's, any others stay."
)
@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_finds_the_highest_pixel(argmax_2d, rng, kind, lead):
    maps = rng.normal(size=(*lead, 6, 11))
    where = np.stack([rng.integers(5, 10, size=lead), rng.integers(0, 5, size=lead)], axis=-1)  # x > y: a swap shows
    for index in np.ndindex(*lead):
        x, y = where[index]
        maps[index][y, x] = 9.0
    agree(argmax_2d(of_kind(kind, maps)), where)


@points(1)
@hint(
    "The largest value, not the largest magnitude, also where all values are negative; corners, single rows and columns "
    "included. At a tie any of the largest pixels is right, but x and y must belong to the same pixel."
)
def test_finds_it_at_ties_and_corners(argmax_2d, rng):
    for H, W in ((5, 8), (1, 4), (6, 1), (1, 1)):
        for y, x in {(0, 0), (0, W - 1), (H - 1, 0), (H - 1, W - 1)}:
            corner = rng.uniform(-9.0, -5.0, size=(H, W))
            corner[y, x] = -1.0
            agree(argmax_2d(corner), [x, y])
    tied = np.zeros((3, 7, 9))
    tied[:, 1, 7], tied[:, 5, 2] = 2.0, 2.0
    tied[2, 3, 3] = -4.0
    for x, y in np.asarray(argmax_2d(tied)):
        assert (int(x), int(y)) in ((7, 1), (2, 5)), f"(7, 1) and (2, 5) tie, returned ({x}, {y})"


@points(1)
@no_probe("integers")  # honest in float32
@KINDS
@hint(
    "Softmax of beta times the values over all pixels of a map, then the mean of x (the column) and of y (the row) "
    "under these probabilities, (x, y) in the end; each map on its own."
)
@pytest.mark.parametrize("lead, beta", [((), 1.0), ((3,), 2.5), ((2, 2), 0.5), ((2,), 0.0)])
def test_is_the_mean_position(soft_argmax, rng, kind, lead, beta):
    maps = rng.uniform(-2.0, 2.0, size=(*lead, 5, 9))
    maps[..., 1, 6] += 3.0  # off the middle and off the diagonal
    p = special.softmax(beta * maps, axis=(-2, -1))
    expected = np.stack([p.sum(axis=-2) @ np.arange(9.0), p.sum(axis=-1) @ np.arange(5.0)], axis=-1)
    agree_single(soft_argmax(of_kind(kind, maps), beta), expected)
    if beta == 1.0:
        agree_single(soft_argmax(of_kind(kind, maps)), expected)


@points(1)
@no_probe("integers")  # honest in float32
@hint(
    "exp overflows for large values: subtract the largest one of each map first (torch.softmax does). Only differences "
    "of values matter, so adding 10,000 to a map moves nothing, and shifting a peak shifts the answer."
)
def test_survives_large_values(soft_argmax):
    for dtype in (np.float32, np.float64):
        maps = np.zeros((3, 6, 10), dtype=dtype)
        maps[0, 2, 7], maps[1, 4, 1], maps[2, 2, 8] = 5000.0, 5000.0, 5000.0
        expected = np.array([[7.0, 2.0], [1.0, 4.0], [8.0, 2.0]])
        for offset in (0.0, 10_000.0, -10_000.0):
            agree(soft_argmax(torch.from_numpy(maps + dtype(offset))), expected, atol=0.01)
    agree(soft_argmax(np.full((4, 7), -3000.0)), np.array([3.0, 1.5]), atol=0.01)  # float32 has four digits left


@points(1)
@hint(
    "The point of a soft arg-max is its gradient, d x / d value = beta p (column - x). Work with torch's functions all "
    "the way: no argmax, no NumPy, no detach, and beta inside the softmax."
)
@pytest.mark.parametrize("beta", [1.0, 3.0])
def test_has_a_gradient(soft_argmax, rng, beta):
    maps = rng.uniform(-1.0, 1.0, size=(2, 4, 6))
    p = special.softmax(beta * maps, axis=(-2, -1))
    rows, cols = np.arange(4.0)[:, None], np.arange(6.0)
    x, y = np.sum(p * cols, axis=(1, 2), keepdims=True), np.sum(p * rows, axis=(1, 2), keepdims=True)
    result = soft_argmax.value_and_gradients(torch.from_numpy(maps), beta)
    agree_single(result["inputs"][0], beta * p * (cols - x + rows - y))


# --- pixel_error, pck ------------------------------------------------------------------------------------------------


@points(1)
@no_probe("integers")  # honest in float32
@KINDS
@hint(
    "The Euclidean distance sqrt(dx^2 + dy^2) of each pair of points, in px: one number per keypoint, neither squared "
    "nor averaged, and the last axis is gone."
)
@pytest.mark.parametrize("lead", [(), (5,), (2, 3), (2, 1, 3)])
def test_measures_distances(pixel_error, rng, kind, lead):
    true = rng.uniform(20.0, 60.0, size=(*lead, 2))
    away = rng.uniform(1.0, 30.0, size=lead) * np.exp(2j * np.pi * rng.uniform(size=lead))
    pred = true + np.stack([np.real(away), np.imag(away)], axis=-1)
    agree(pixel_error(*of_kind(kind, pred, true)), np.abs(away), rtol=1e-4)


@points(1)
@hint(
    "Where the truth is NaN, in one coordinate or in both, there is no error to measure: NaN, neither 0 nor dropped. "
    "The other keypoints are not touched by it."
)
def test_is_nan_without_truth(pixel_error):
    nan = np.nan
    true = np.array([[[3.0, 4.0], [nan, nan]], [[nan, 4.0], [3.0, nan]], [[0.0, 0.0], [1.0, 1.0]]])
    pred = np.zeros((3, 2, 2))
    agree(pixel_error(pred, true), [[5.0, nan], [nan, nan], [0.0, np.sqrt(2.0)]], rtol=1e-5)


@points(1)
@KINDS
@hint(
    "The fraction (between 0 and 1, not per cent) of keypoints whose distance is at most the threshold: <=, so that "
    "exactly 5 px is correct for a threshold of 5. One number over all frames and keypoints."
)
def test_counts_those_within_the_threshold(pck, rng, kind):
    # 3-4-5 triangles and their multiples: distances 0, 5, 10, 25, all exact.
    offsets = np.array([[0, 0], [3, 4], [-4, 3], [6, -8], [15, 20], [0, 5], [-5, 0], [7, 24]], dtype=float)
    true = rng.integers(10, 60, size=(2, 4, 2)).astype(float)
    pred = true + rng.permutation(offsets).reshape(2, 4, 2)
    for threshold, count in ((0.0, 1), (4.9, 1), (5.0, 5), (9.9, 5), (10.0, 6), (25.0, 8)):
        agree(pck(*of_kind(kind, pred, true), threshold), count / 8, rtol=1e-6)


@points(1)
@hint(
    "Keypoints without truth are left out of both counts; where nothing is left the answer is NaN. But a prediction "
    "that is NaN although there is a truth is a miss: it stays in the denominator."
)
def test_leaves_out_what_has_no_truth(pck):
    nan = np.nan
    true = np.array([[0.0, 0.0], [nan, nan], [0.0, nan], [0.0, 0.0], [0.0, 0.0]])
    pred = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [nan, nan], [30.0, 40.0]])
    agree(pck(pred, true, 6.0), 1 / 3, rtol=1e-6)
    agree(pck(pred, true, 60.0), 2 / 3, rtol=1e-6)
    agree(pck(pred[3:4], true[3:4], 6.0), 0.0)
    agree(pck(pred[1:3], true[1:3], 6.0), nan)
    agree(pck(np.full((1, 2), nan), np.full((1, 2), nan), 6.0), nan)
