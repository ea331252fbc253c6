"""What goes wrong, and what else is right, in `bernoulli_loss`."""

import torch
import torch.nn.functional as F

from autograder.judge.bank import alternative, mistake


def terms(logits, targets, pos_weight):
    return pos_weight * targets * F.softplus(-logits) + (1 - targets) * F.softplus(logits)


@mistake("sums instead of taking the mean", hint="mean (not the sum)")
def sums(logits, targets, pos_weight=1.0):
    return terms(logits, targets, pos_weight).sum()


@mistake("sums over pixels and takes the mean over the first axis", hint="over all entries")
def mean_over_images(logits, targets, pos_weight=1.0):
    return terms(logits, targets, pos_weight).reshape(len(logits), -1).sum(dim=1).mean()


@mistake("gives one loss per entry", hint="One positive number")
def per_entry(logits, targets, pos_weight=1.0):
    return terms(logits, targets, pos_weight)


@mistake("returns the log likelihood", hint="One positive number")
def wrong_sign(logits, targets, pos_weight=1.0):
    return -terms(logits, targets, pos_weight).mean()


@mistake("swaps positives and negatives", hint="softplus(-a) where y = 1")
def swaps_the_classes(logits, targets, pos_weight=1.0):
    return terms(-logits, targets, pos_weight).mean()


@mistake("takes the logits for probabilities", hint="not for probabilities")
def logits_as_probabilities(logits, targets, pos_weight=1.0):
    p = logits.clamp(1e-6, 1 - 1e-6)
    return -(pos_weight * targets * p.log() + (1 - targets) * (1 - p).log()).mean()


@mistake("uses only two kinds of targets", hint="weighted by y and 1 - y")
def hard_targets(logits, targets, pos_weight=1.0):
    y = (targets > 0.5).to(logits.dtype)
    return terms(logits, y, pos_weight).mean()


@mistake("puts the weight on the negatives", hint="only")
def weights_the_negatives(logits, targets, pos_weight=1.0):
    return (targets * F.softplus(-logits) + pos_weight * (1 - targets) * F.softplus(logits)).mean()


@mistake("ignores the weight", hint="pos_weight multiplies")
def no_weight(logits, targets, pos_weight=1.0):
    return terms(logits, targets, 1.0).mean()


@mistake("weights everything", hint="only")
def weights_all(logits, targets, pos_weight=1.0):
    return pos_weight * terms(logits, targets, 1.0).mean()


@mistake("divides by the sum of the weights", hint="not by the sum of the weights")
def weighted_mean(logits, targets, pos_weight=1.0):
    weights = pos_weight * targets + (1 - targets)
    return terms(logits, targets, pos_weight).sum() / weights.sum()


@mistake("takes logarithms of a sigmoid", hint="its logarithm infinite")
def log_of_sigmoid(logits, targets, pos_weight=1.0):
    p = torch.sigmoid(logits)
    return -(pos_weight * targets * torch.log(p) + (1 - targets) * torch.log(1 - p)).mean()


@mistake("adds a small number inside the logarithm", hint="log(p + eps)")
def with_eps(logits, targets, pos_weight=1.0):
    p = torch.sigmoid(logits)
    return -(pos_weight * targets * torch.log(p + 1e-12) + (1 - targets) * torch.log(1 - p + 1e-12)).mean()


@mistake("clamps the logits", hint="Stay with the logits")
def clamps(logits, targets, pos_weight=1.0):
    return terms(logits.clamp(-30, 30), targets, pos_weight).mean()


@mistake("exponentiates large logits", hint="pull the larger exponent out")
def naive_softplus(logits, targets, pos_weight=1.0):
    up, down = torch.log1p(torch.exp(logits)), torch.log1p(torch.exp(-logits))
    return (pos_weight * targets * down + (1 - targets) * up).mean()


@mistake("is stable on one side only", hint="pull the larger exponent out")
def one_sided(logits, targets, pos_weight=1.0):
    down = torch.log1p(torch.exp(-logits))  # fine for a > 0
    return (pos_weight * targets * down + (1 - targets) * (down + logits)).mean()


@mistake("has the wrong slope at zero", hint="no slope at exactly a = 0")
def relu_and_abs(logits, targets, pos_weight=1.0):
    small = torch.log1p(torch.exp(-logits.abs()))
    return (pos_weight * targets * (torch.relu(-logits) + small) + (1 - targets) * (torch.relu(logits) + small)).mean()


@mistake("hides the overflow from the value, not from the gradient", hint="torch.where and clamp")
def where_after_exp(logits, targets, pos_weight=1.0):
    def softplus(a):
        return torch.where(a > 80, a, torch.log1p(torch.exp(a)))

    return (pos_weight * targets * softplus(-logits) + (1 - targets) * softplus(logits)).mean()


@mistake("returns a number without a gradient", hint="The gradient by a logit")
def no_gradient(logits, targets, pos_weight=1.0):
    return terms(logits, targets, pos_weight).mean().item()


@mistake("weights targets of exactly one", hint="also where y lies between 0 and 1")
def weights_ones(logits, targets, pos_weight=1.0):
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return torch.where(targets == 1, pos_weight * losses, losses).mean()


@mistake("weights targets above one half", hint="also where y lies between 0 and 1")
def weights_above_a_half(logits, targets, pos_weight=1.0):
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return torch.where(targets > 0.5, pos_weight * losses, losses).mean()


@mistake("weights both terms of an entry by its target", hint="pos_weight multiplies the term of the positives")
def weights_both_terms(logits, targets, pos_weight=1.0):
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return ((1 + (pos_weight - 1) * targets) * losses).mean()


@alternative
def by_torch(logits, targets, pos_weight=1.0):
    return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=torch.as_tensor(pos_weight))


@alternative
def by_softplus(logits, targets, pos_weight=1.0):
    return terms(logits, targets, pos_weight).mean()


@alternative
def by_logsigmoid(logits, targets, pos_weight=1.0):
    losses = -(pos_weight * targets * F.logsigmoid(logits) + (1 - targets) * F.logsigmoid(-logits))
    return losses.sum() / losses.numel()


@alternative
def by_logsumexp(logits, targets, pos_weight=1.0):
    both = torch.stack([torch.zeros_like(logits), logits])
    up = torch.logsumexp(both, dim=0)
    return torch.mean((1 + (pos_weight - 1) * targets) * up - pos_weight * targets * logits)
