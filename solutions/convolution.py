"""Lab 4: every patch at once. Correlation, heatmaps, a one-layer detector and a small convolutional network.

Images are (H, W) or (C, H, W), batches (B, C, H, W), with values in [0, 1] or standardised; heatmaps are (K, H, W), one
for each keypoint; points are (x, y) in px with pixel centres at integers, NaN where a keypoint was not seen. Losses are
means. Modules are torch's, in float32; the other functions take NumPy arrays or tensors and give back what they got.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def cross_correlate(image, kernel):
    """Cross-correlation with zero padding, of the size of the image (slide "As a one-layer convolutional neural network").

    out[r, c] = sum_ij kernel[i, j] image[r + i - (h - 1) // 2, c + j - (w - 1) // 2], where the image is zero outside:
    the kernel's pixel ((h - 1) // 2, (w - 1) // 2) lies on the output's pixel, for even sizes as well. It is not flipped.

    Parameters
    ----------
    image : ndarray (H, W)
        Grey values.
    kernel : ndarray (h, w)
        Weights, no larger than the image.

    Returns
    -------
    ndarray of floats (H, W)

    Raises
    ------
    ValueError
        If one of them is not two-dimensional or empty, the kernel is larger than the image, or the image holds bytes.
    """
    if np.ndim(image) != 2 or np.ndim(kernel) != 2 or np.size(kernel) == 0:
        raise ValueError(
            f"cross_correlate: want an image (H, W) and a kernel (h, w), got {np.shape(image)} and {np.shape(kernel)}."
        )
    if np.asarray(image).dtype == np.uint8:
        raise ValueError("cross_correlate: the image holds bytes; divide it by 255 first.")
    (H, W), (h, w) = np.shape(image), np.shape(kernel)
    if h > H or w > W:
        raise ValueError(f"cross_correlate: the kernel ({h}, {w}) is larger than the image ({H}, {W}).")
    ### BEGIN SOLUTION
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    top, left = (h - 1) // 2, (w - 1) // 2
    padded = np.pad(image, ((top, h - 1 - top), (left, w - 1 - left)))
    out = np.zeros((H, W))
    for i in range(h):  # one shifted image per weight: h w steps instead of H W
        for j in range(w):
            out += kernel[i, j] * padded[i : i + H, j : j + W]
    return out
    ### END SOLUTION


def patch_logits(image, w, b, size):
    """Score w'x + b of the patch around every pixel, where x is Lab 1's flattened patch.

    Parameters
    ----------
    image : ndarray (H, W)
        Grey values, zero outside.
    w : ndarray (h * w,)
        Weights of a patch in row-major order.
    b : float
        Offset.
    size : (int, int)
        Height h and width w of the patch, no larger than the image.

    Returns
    -------
    ndarray of floats (H, W)
        Log odds. No patch is cut out here: beside what `cross_correlate` needs, memory grows with H W, not with H W h w.

    Raises
    ------
    ValueError
        If `w` does not hold h * w weights, or for what `cross_correlate` refuses.
    """
    if np.shape(w) != (size[0] * size[1],):
        raise ValueError(
            f"patch_logits: a patch of size {tuple(size)} has {size[0] * size[1]} weights, got {np.shape(w)}."
        )
    ### BEGIN SOLUTION
    return cross_correlate(image, np.reshape(w, size)) + b
    ### END SOLUTION


def disc_targets(keypoints, shape, radius):
    """Heatmaps to be learned: one around each keypoint, zero elsewhere.

    Parameters
    ----------
    keypoints : ndarray or tensor (K, 2)
        Points (x, y), px, not necessarily whole. NaN where a keypoint was not seen.
    shape : (int, int)
        Height H and width W of the image.
    radius : float
        Largest Euclidean distance that still counts, px, not negative.

    Returns
    -------
    ndarray or tensor (K, H, W)
        1.0 where the pixel's centre is at most `radius` from the keypoint, else 0.0. All zero for a keypoint that is
        NaN; for one outside the image, what of its disc lies inside.

    Raises
    ------
    ValueError
        If `keypoints` is not (K, 2) or `radius` is negative.
    """
    if np.ndim(keypoints) != 2 or np.shape(keypoints)[1] != 2 or radius < 0:
        raise ValueError(
            f"disc_targets: want keypoints (K, 2) and a radius >= 0, got {tuple(np.shape(keypoints))} and {radius}."
        )
    points = torch.as_tensor(keypoints, dtype=torch.float64)
    ### BEGIN SOLUTION
    rows, cols = torch.arange(shape[0])[:, None], torch.arange(shape[1])
    dx, dy = cols - points[:, 0, None, None], rows - points[:, 1, None, None]
    targets = (torch.hypot(dx, dy) <= radius).double()  # a comparison with NaN is False
    ### END SOLUTION
    return targets.float() if torch.is_tensor(keypoints) else targets.numpy()


def downsample(image, targets, factor):
    """Shrink an image by taking means of blocks, and its heatmaps by taking maxima of the same blocks.

    Rows and columns that do not fill a block at the lower and right edge are dropped.

    Parameters
    ----------
    image : ndarray or tensor (C, H, W)
    targets : ndarray or tensor (K, H, W)
    factor : int
        Height and width of a block, from 1 to the size of the image.

    Returns
    -------
    image : (C, H // factor, W // factor)
    targets : (K, H // factor, W // factor)

    Raises
    ------
    ValueError
        If the two are not three-dimensional and of the same size, the image holds no floats, or no block fits.
    """
    if np.ndim(image) != 3 or np.ndim(targets) != 3 or image.shape[1:] != targets.shape[1:]:
        raise ValueError(
            "downsample: want an image (C, H, W) and targets (K, H, W) of the same size, "
            f"got {tuple(np.shape(image))} and {tuple(np.shape(targets))}."
        )
    if "float" not in str(image.dtype):
        raise ValueError(f"downsample: want an image of floats, got {image.dtype}; divide bytes by 255 first.")
    if not 1 <= factor <= min(image.shape[1:]):
        raise ValueError(f"downsample: no block of {factor} x {factor} fits into an image {tuple(image.shape[1:])}.")
    pixels, maps = torch.as_tensor(image), 1.0 * torch.as_tensor(targets)
    ### BEGIN SOLUTION
    smaller = F.avg_pool2d(pixels, factor), F.max_pool2d(maps, factor)
    ### END SOLUTION
    return smaller if torch.is_tensor(image) else tuple(part.numpy() for part in smaller)


def downsample_points(points, factor):
    """Where points of an image lie in the image that `downsample` makes of it.

    Pixel centres are at integers, so the first of the small pixels covers -1/2 to factor - 1/2.

    Parameters
    ----------
    points : ndarray or tensor (..., 2)
        (x, y), px of the large image. NaN stays NaN.
    factor : float
        How many large pixels make one small pixel; 1 / factor leads back.

    Returns
    -------
    ndarray or tensor (..., 2)
        px of the small image.

    Raises
    ------
    ValueError
        If the last axis does not hold x and y, or `factor` is not positive.
    """
    if np.ndim(points) < 1 or np.shape(points)[-1] != 2 or not factor > 0:
        raise ValueError(
            f"downsample_points: want points (..., 2) and a factor > 0, got {tuple(np.shape(points))} and {factor}."
        )
    points = points if torch.is_tensor(points) else np.asarray(points, dtype=float)
    ### BEGIN SOLUTION
    return (points + 0.5) / factor - 0.5
    ### END SOLUTION


def bernoulli_loss(logits, targets, pos_weight=1.0):
    """Mean negative log likelihood of independent Bernoulli variables, one for every pixel of every heatmap.

    mean of pos_weight y softplus(-a) + (1 - y) softplus(a), with a the logits and y the targets: Lab 1's objective,
    divided by the number of entries, even where `pos_weight` is not 1.

    Parameters
    ----------
    logits : tensor, any shape
        Log odds.
    targets : tensor, the same shape
        In [0, 1].
    pos_weight : float
        How many times an entry of target 1 counts.

    Returns
    -------
    tensor ()
        Finite, and with the right gradient, for logits of any size.

    Raises
    ------
    ValueError
        If the shapes differ, or the tensors are empty.
    """
    logits, targets = torch.as_tensor(logits), torch.as_tensor(targets)
    if logits.shape != targets.shape or logits.numel() == 0:
        raise ValueError(
            f"bernoulli_loss: want logits and targets of one shape, got {tuple(logits.shape)} and {tuple(targets.shape)}."
        )
    ### BEGIN SOLUTION
    zero = torch.zeros((), dtype=logits.dtype, device=logits.device)
    # -log p is softplus(-a) for y = 1 and softplus(a) for y = 0; logaddexp(0, a) is smooth at a = 0 and does not overflow.
    missed, alarms = torch.logaddexp(zero, -logits), torch.logaddexp(zero, logits)
    return (pos_weight * targets * missed + (1 - targets) * alarms).mean()
    ### END SOLUTION


class ConvDetector(nn.Module):
    """Lab 1's classifier for all pixels and all keypoints at once: one convolution, from an image to logits.

    Parameters
    ----------
    num_keypoints : int
        K, the number of heatmaps.
    patch_size : int
        Height and width of the kernels, odd.
    in_channels : int
        C, the number of channels of an image.

    Attributes
    ----------
    conv : nn.Conv2d
        Weights (K, C, patch_size, patch_size) and biases (K,).

    Raises
    ------
    ValueError
        If `patch_size` is even; when called, if the images are not (B, C, H, W) floats and as large as a patch.
    """

    def __init__(self, num_keypoints, patch_size, in_channels=1):
        super().__init__()
        ### BEGIN SOLUTION
        if patch_size % 2 == 0:
            raise ValueError(f"ConvDetector: a patch of even size {patch_size} has no centre; take an odd size.")
        self.conv = nn.Conv2d(in_channels, num_keypoints, patch_size, padding=patch_size // 2)
        ### END SOLUTION

    def forward(self, images):
        """Images (B, C, H, W) to logits (B, K, H, W)."""
        _, in_channels, height, width = self.conv.weight.shape
        if images.ndim != 4 or images.shape[1] != in_channels or not images.is_floating_point():
            raise ValueError(
                f"ConvDetector: want images (B, {in_channels}, H, W) of floats, got {tuple(images.shape)} of {images.dtype}."
            )
        if images.shape[2] < height or images.shape[3] < width:
            raise ValueError(
                f"ConvDetector: images {tuple(images.shape[2:])} are smaller than a patch ({height}, {width})."
            )
        ### BEGIN SOLUTION
        return self.conv(images)
        ### END SOLUTION


class FeatureCNN(nn.Module):
    """A detector that learns its features: 3 x 3 convolutions with ReLUs between them, from an image to logits.

    There are at least three, each with weights of its own, and nothing is pooled.
    Dilation spreads the nine weights of a later layer over a wider neighbourhood, so that a pixel's features see the
    surroundings without the image being made smaller (slide "Feature learning in CNNs").

    Parameters
    ----------
    num_keypoints : int
        K, the number of heatmaps.
    width : int
        Number of features of each pixel, in every hidden layer.
    in_channels : int
        C, the number of channels of an image.

    Raises
    ------
    ValueError
        If a size is less than 1; when called, if the images are not (B, C, H, W) floats.
    """

    def __init__(self, num_keypoints, width=16, in_channels=1):
        super().__init__()
        if min(num_keypoints, width, in_channels) < 1:
            raise ValueError(f"FeatureCNN: sizes must be positive, got {num_keypoints}, {width} and {in_channels}.")
        self.in_channels = in_channels
        ### BEGIN SOLUTION
        layers, channels = [], in_channels
        for dilation in (1, 2, 4, 8):
            layers += [nn.Conv2d(channels, width, 3, padding=dilation, dilation=dilation), nn.ReLU()]
            channels = width
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, num_keypoints, 3, padding=1))
        ### END SOLUTION

    def forward(self, images):
        """Images (B, C, H, W) to logits (B, K, H, W)."""
        if images.ndim != 4 or images.shape[1] != self.in_channels or not images.is_floating_point():
            raise ValueError(
                f"FeatureCNN: want images (B, {self.in_channels}, H, W) of floats, "
                f"got {tuple(images.shape)} of {images.dtype}."
            )
        ### BEGIN SOLUTION
        return self.layers(images)
        ### END SOLUTION


def train_epoch(model, batches, optimizer, loss):
    """Go through the batches once, with one step of the optimizer for each.

    Parameters
    ----------
    model : nn.Module
        Put into training mode, and left in it.
    batches : iterable of (images, targets)
        Tensors, on the model's device. It may be an iterator, which can be gone through once and has no length.
    optimizer : torch.optim.Optimizer
        Of the model's parameters.
    loss : callable, (outputs, targets) -> tensor ()

    Returns
    -------
    float
        Mean over the batches of the loss before each one's step.

    Raises
    ------
    ValueError
        If there is no batch.
    """
    losses = []
    ### BEGIN SOLUTION
    model.train()
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    ### END SOLUTION
    if not losses:
        raise ValueError("train_epoch: there is no batch (an iterator that was used up?).")
    return sum(losses) / len(losses)


def argmax_2d(maps):
    """Pixel of the largest value of each map.

    Parameters
    ----------
    maps : ndarray or tensor (..., H, W)

    Returns
    -------
    ndarray or tensor of int (..., 2)
        (x, y) = (column, row); where several pixels share the largest value, one of them.

    Raises
    ------
    ValueError
        If there is no pixel.
    """
    if np.ndim(maps) < 2 or 0 in np.shape(maps)[-2:]:
        raise ValueError(f"argmax_2d: want maps (..., H, W), got {tuple(np.shape(maps))}.")
    values = torch.as_tensor(maps)
    ### BEGIN SOLUTION
    width = values.shape[-1]
    best = values.flatten(-2).argmax(-1)  # index in row-major order
    points = torch.stack((best % width, best // width), dim=-1)
    ### END SOLUTION
    return points if torch.is_tensor(maps) else points.numpy()


def soft_argmax(maps, beta=1.0):
    """Mean position under the probabilities that a softmax makes of each map: an arg-max with a gradient.

    Parameters
    ----------
    maps : ndarray or tensor (..., H, W)
        Logits. A pixel's probability is proportional to exp(beta * value).
    beta : float
        Inverse temperature: 0 gives the middle of the map, a large one the arg-max.

    Returns
    -------
    ndarray or tensor (..., 2)
        (x, y) = (column, row), px.

    Raises
    ------
    ValueError
        If there is no pixel.
    """
    if np.ndim(maps) < 2 or 0 in np.shape(maps)[-2:]:
        raise ValueError(f"soft_argmax: want maps (..., H, W), got {tuple(np.shape(maps))}.")
    values = torch.as_tensor(maps, dtype=None if torch.is_tensor(maps) else torch.float64)
    ### BEGIN SOLUTION
    height, width = values.shape[-2:]
    probabilities = torch.softmax(beta * values.flatten(-2), dim=-1).reshape(values.shape)
    x = (probabilities.sum(dim=-2) * torch.arange(width, device=values.device)).sum(dim=-1)
    y = (probabilities.sum(dim=-1) * torch.arange(height, device=values.device)).sum(dim=-1)
    points = torch.stack((x, y), dim=-1)
    ### END SOLUTION
    return points if torch.is_tensor(maps) else points.numpy()


def pixel_error(pred, true):
    """Euclidean distance of each prediction from the truth.

    Parameters
    ----------
    pred, true : ndarray or tensor (..., 2)
        Points (x, y), px; the truth is NaN where it is not known.

    Returns
    -------
    ndarray or tensor (...)
        px; NaN where one of the two is NaN.

    Raises
    ------
    ValueError
        If the shapes differ, or the last axis does not hold x and y.
    """
    if np.shape(pred) != np.shape(true) or np.ndim(pred) < 1 or np.shape(pred)[-1] != 2:
        raise ValueError(
            f"pixel_error: want two arrays (..., 2) of one shape, got {tuple(np.shape(pred))} and {tuple(np.shape(true))}."
        )
    difference = torch.as_tensor(pred, dtype=torch.float64) - torch.as_tensor(true, dtype=torch.float64)
    ### BEGIN SOLUTION
    error = torch.hypot(difference[..., 0], difference[..., 1])
    ### END SOLUTION
    return error if torch.is_tensor(pred) else error.numpy()


def pck(pred, true, threshold):
    """Percentage of correct keypoints, as a fraction: how often a prediction is within a threshold of the truth.

    Parameters
    ----------
    pred, true : ndarray or tensor (..., 2)
        Points (x, y), px. Where the truth is NaN there is nothing to find, and the prediction does not count; where only
        the prediction is NaN the keypoint was missed.
    threshold : float
        Largest distance that is still correct, px.

    Returns
    -------
    float
        NaN where no truth is known.

    Raises
    ------
    ValueError
        If the shapes differ, or the last axis does not hold x and y.
    """
    error = torch.as_tensor(pixel_error(pred, true))
    known = ~torch.as_tensor(true).isnan().any(dim=-1)
    ### BEGIN SOLUTION
    correct = error[known] <= threshold  # a comparison with NaN is False
    return float(correct.double().mean())  # a mean of nothing is NaN
    ### END SOLUTION
