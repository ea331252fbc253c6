"""What goes wrong, and what else is right, in `StackedHourglass`."""

import torch
from torch import nn

from autograder.judge.bank import alternative, mistake
from solutions.transfer import BasicBlock, Hourglass


class Parts(nn.Module):
    """The parts that the student is given."""

    def __init__(self, num_stacks, depth, channels, num_keypoints, in_channels=1):
        super().__init__()
        convolution = nn.Conv2d(in_channels, channels, 7, stride=2, padding=3, bias=False)
        self.stem = nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2))
        self.hourglasses = nn.ModuleList(Hourglass(depth, channels) for _ in range(num_stacks))
        self.features = nn.ModuleList(BasicBlock(channels, channels) for _ in range(num_stacks))
        self.heads = nn.ModuleList(nn.Conv2d(channels, num_keypoints, 1) for _ in range(num_stacks))
        self.feature_maps = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(num_stacks - 1))
        self.score_maps = nn.ModuleList(nn.Conv2d(num_keypoints, channels, 1) for _ in range(num_stacks - 1))

    def next_input(self, n, x, features, scores):
        return x + self.feature_maps[n](features) + self.score_maps[n](scores)

    def forward(self, images):
        x, found = self.stem(images), []
        for n in range(len(self.hourglasses)):
            features = self.features[n](self.hourglasses[n](x))
            found.append(self.heads[n](features))
            if n < len(self.feature_maps):
                x = self.next_input(n, x, features, found[n])
        return found


def run(net, images, scores=lambda maps: maps, features=lambda maps: maps):
    """The forward pass, with something done to what leads to the next stack."""
    x, found = net.stem(images), []
    stacks = list(zip(net.hourglasses, net.features, net.heads, strict=True))
    for n, (hourglass, block, head) in enumerate(stacks):
        y = block(hourglass(x))
        found.append(head(y))
        if n + 1 < len(stacks):
            x = net.score_maps[n](scores(found[-1])) + net.feature_maps[n](features(y)) + x
    return found


@mistake("returns the last stack's scores alone", hint="One score map per stack")
class LastAlone(Parts):
    def forward(self, images):
        return super().forward(images)[-1]


@mistake("leaves the last stack's scores out", hint="the last included")
class WithoutTheLast(Parts):
    def forward(self, images):
        return super().forward(images)[:-1]


@mistake("returns the scores in reverse order", hint="in their order")
class Reversed(Parts):
    def forward(self, images):
        return super().forward(images)[::-1]


@mistake("forgets what the stack itself read", hint="the *sum* of that input")
class NoIdentity(Parts):
    def next_input(self, n, x, features, scores):
        return self.feature_maps[n](features) + self.score_maps[n](scores)


@mistake("does not tell the next stack what this one believed", hint="score_maps[n](scores)")
class NoScores(Parts):
    def next_input(self, n, x, features, scores):
        return x + self.feature_maps[n](features)


@mistake("does not hand the features on", hint="feature_maps[n](features)")
class NoFeatures(Parts):
    def next_input(self, n, x, features, scores):
        return x + self.score_maps[n](scores)


@mistake("adds the features as they are", hint="feature_maps[n](features)")
class FeaturesAsTheyAre(Parts):
    def next_input(self, n, x, features, scores):
        return x + features + self.score_maps[n](scores)


@mistake("feeds every stack with the stem's output", hint="the next one reads the *sum*")
class AllFromTheStem(Parts):
    def next_input(self, n, x, features, scores):
        return x


@mistake("starts every sum from the stem's output", hint="the next one reads the *sum* of that input")
class SumsFromTheStem(Parts):
    def forward(self, images):
        x = stem = self.stem(images)
        found = []
        for n in range(len(self.hourglasses)):
            features = self.features[n](self.hourglasses[n](x))
            found.append(self.heads[n](features))
            if n < len(self.feature_maps):
                x = self.next_input(n, stem, features, found[n])
        return found


@mistake("forgets the block behind the hourglass", hint="Stack n's features")
class NoFeatureBlock(Parts):
    def forward(self, images):
        x, found = self.stem(images), []
        for n in range(len(self.hourglasses)):
            features = self.hourglasses[n](x)
            found.append(self.heads[n](features))
            if n < len(self.feature_maps):
                x = self.next_input(n, x, features, found[n])
        return found


@mistake("hands probabilities on and out", hint="from them its scores")
class Probabilities(Parts):
    def forward(self, images):
        return [scores.sigmoid() for scores in super().forward(images)]


@mistake("adds up the stacks' scores", hint="One score map per stack")
class Summed(Parts):
    def forward(self, images):
        return sum(super().forward(images))


@mistake("gives one tensor instead of a list", hint="a list of score maps is due")
class AsOneTensor(Parts):
    def forward(self, images):
        return torch.stack(run(self, images))


@mistake("cuts the gradient through the score maps off", hint="nothing is detached")
class DetachesTheScores(Parts):
    def forward(self, images):
        return run(self, images, scores=lambda maps: maps.detach())


@mistake("cuts the gradient through the features off", hint="nothing is detached")
class DetachesTheFeatures(Parts):
    def forward(self, images):
        return run(self, images, features=lambda maps: maps.detach())


@alternative
class AsATuple(Parts):
    def forward(self, images):
        return tuple(super().forward(images))


@alternative
class StackByStack(Parts):
    def forward(self, images):
        return run(self, images)
