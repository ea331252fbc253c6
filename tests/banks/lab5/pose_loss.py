"""What goes wrong, and what else is right, in `pose_loss`."""

import torch
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake


def near_cells(targets, radius):
    return targets.pow(2).sum(dim=2).sqrt() <= radius


def refined(offsets, targets, near, loss=F.huber_loss):
    """Mean over the near cells of a loss, summed over x and y."""
    errors = (offsets - targets).movedim(2, -1)[near]
    return loss(errors, torch.zeros_like(errors), reduction="sum") / max(len(errors), 1)


def bernoulli(scores, near):
    return F.binary_cross_entropy_with_logits(scores, near.to(scores))


@mistake("leaves the offsets out", hint="Two parts")
def scores_only(scores, offsets, targets, stride, weight=0.05):
    return bernoulli(scores, near_cells(targets, 1.5 * stride))


@mistake("adds the refinement at its full weight", hint="Two parts")
def without_weight(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + refined(offsets, targets, near)


@mistake("always weights the refinement by 0.05", hint="Two parts")
def fixed_weight(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + 0.05 * refined(offsets, targets, near)


@mistake("weights the scores instead of the offsets", hint="Two parts")
def weights_the_scores(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return weight * bernoulli(scores, near) + refined(offsets, targets, near)


@mistake("measures the radius in px", hint="1.5 strides")
def radius_in_pixels(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5)
    return bernoulli(scores, near) + weight * refined(offsets, targets, near)


@mistake("takes a radius of one stride", hint="1.5 strides")
def one_stride(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, stride)
    return bernoulli(scores, near) + weight * refined(offsets, targets, near)


@mistake("leaves out cells at exactly 1.5 strides", hint="at most 1.5 strides")
def strictly(scores, offsets, targets, stride, weight=0.05):
    near = targets.pow(2).sum(dim=2) < (1.5 * stride) ** 2
    return bernoulli(scores, near) + weight * refined(offsets, targets, near)


@mistake("takes a square of cells for near", hint="in a straight line")
def square(scores, offsets, targets, stride, weight=0.05):
    near = targets.abs().amax(dim=2) <= 1.5 * stride
    return bernoulli(scores, near) + weight * refined(offsets, targets, near)


@mistake("takes cells for near that the network believes to be near", hint="lies at most 1.5 strides from the keypoint")
def by_the_offsets(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(offsets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets, torch.nan_to_num(targets), near)


@mistake("sums the Bernoulli losses", hint="The mean over all entries")
def sums_the_entries(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    entries = F.binary_cross_entropy_with_logits(scores, near.to(scores), reduction="sum")
    return entries + weight * refined(offsets, targets, near)


@mistake("leaves maps without a label out of the mean", hint="a missing keypoint's cells included")
def labelled_maps_only(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    known = ~targets[:, :, 0].isnan()
    entries = bernoulli(scores[known], near[known]) if known.any() else 0.0
    return entries + weight * refined(offsets, targets, near)


@mistake("takes the scores for probabilities", hint="Bernoulli loss of the scores")
def scores_as_probabilities(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    entries = F.binary_cross_entropy(scores.clamp(1e-6, 1 - 1e-6), near.to(scores))
    return entries + weight * refined(offsets, targets, near)


@mistake("takes logarithms of a sigmoid", hint="Bernoulli loss of the scores")
def log_of_sigmoid(scores, offsets, targets, stride, weight=0.05):
    near, p = near_cells(targets, 1.5 * stride), torch.sigmoid(scores)
    entries = -torch.where(near, torch.log(p), torch.log(1 - p)).mean()
    return entries + weight * refined(offsets, targets, near)


@mistake("squares the errors of the offsets", hint="Huber loss")
def squares(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * 0.5 * refined(offsets, targets, near, F.mse_loss)


@mistake("takes the absolute errors of the offsets", hint="Huber loss")
def absolute(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets, targets, near, F.l1_loss)


@mistake("takes the Huber loss of the distance, not of x and y", hint="summed over x and y")
def huber_of_the_distance(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    distances = (offsets - targets).movedim(2, -1)[near].pow(2).sum(dim=-1).add(1e-12).sqrt()
    huber = F.huber_loss(distances, torch.zeros_like(distances), reduction="sum") / max(len(distances), 1)
    return bernoulli(scores, near) + weight * huber


@mistake("takes the mean over x and y", hint="summed over x and y")
def halves(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets, targets, near) / 2


@mistake("sums over the near cells", hint="the mean over the near cells")
def sums_the_cells(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets, targets, near) * near.sum()


@mistake("divides the refinement by the number of all cells", hint="the mean over the near cells")
def mean_over_all(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets, targets, near) * near.sum() / near.numel()


@mistake("refines the offsets of every cell with a label", hint="the near cells")
def all_cells(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets, targets, ~targets[:, :, 0].isnan())


@mistake("is NaN without any label", hint="0 if there are none")
def mean_of_nothing(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    errors = (offsets - targets).movedim(2, -1)[near]
    return (
        bernoulli(scores, near)
        + weight * F.huber_loss(errors, torch.zeros_like(errors), reduction="none").sum(-1).mean()
    )


@mistake("multiplies NaN by a mask", hint="a missing keypoint's cells included")
def masked(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    huber = F.huber_loss(offsets, targets, reduction="none").sum(dim=2) * near
    return bernoulli(scores, near) + weight * huber.sum() / near.sum().clamp(min=1)


@mistake("hides NaN from the value, not from the gradient", hint="NaN times 0 is NaN")
def hides_nan(scores, offsets, targets, stride, weight=0.05):
    near, e = near_cells(targets, 1.5 * stride), offsets - targets
    huber = torch.where(e.abs() <= 1, 0.5 * e**2, e.abs() - 0.5)
    chosen = torch.where(near[:, :, None], huber, 0.0).sum()
    return bernoulli(scores, near) + weight * chosen / near.sum().clamp(min=1)


@mistake("trains the scores only", hint="Only the offsets of near cells are trained")
def detached(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    return bernoulli(scores, near) + weight * refined(offsets.detach(), targets, near)


@mistake("takes the mean of the keypoints' means", hint="the mean over the near cells")
def mean_of_means(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    labelled = [k for k in range(near.shape[1]) if near[:, k].any()]
    means = [refined(offsets[:, k, None], targets[:, k, None], near[:, k, None]) for k in labelled]
    return bernoulli(scores, near) + weight * sum(means) / max(len(means), 1)


@alternative
def by_known_targets(scores, offsets, targets, stride, weight=0.05):
    near = near_cells(targets, 1.5 * stride)
    huber = F.smooth_l1_loss(offsets, torch.nan_to_num(targets), reduction="none").sum(dim=2)
    return F.binary_cross_entropy_with_logits(scores, near.float()) + weight * (huber * near).sum() / max(near.sum(), 1)


@alternative
def by_softplus(scores, offsets, targets, stride, weight=0.05):
    near = torch.linalg.vector_norm(targets, dim=2) <= 1.5 * stride
    loss = torch.where(near, F.softplus(-scores), F.softplus(scores)).mean()
    if near.any():
        e = (offsets - targets)[near[:, :, None].expand_as(targets)].abs()
        loss = loss + weight * torch.where(e <= 1, 0.5 * e**2, e - 0.5).sum() / near.sum()
    return loss


@alternative
def by_loops(scores, offsets, targets, stride, weight=0.05):
    loss, count = 0.0, 0
    near = targets[:, :, 0] ** 2 + targets[:, :, 1] ** 2 <= (1.5 * stride) ** 2
    for b, k, i, j in near.nonzero().tolist():
        loss = loss + F.huber_loss(offsets[b, k, :, i, j], targets[b, k, :, i, j], reduction="sum")
        count += 1
    entries = F.binary_cross_entropy_with_logits(scores, near.to(scores.dtype))
    return entries + weight * loss / count if count else entries
