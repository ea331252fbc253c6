"""What goes wrong, and what else is right, in `Bottleneck`."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake


class Parts(nn.Module):
    """The parts as they should be; what a class below gets wrong it overrides."""

    expansion = 4
    widening = 4
    strides = (1, None, 1)  # None is where the stride goes
    bias = False

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        out = self.widening * channels
        first, second, third = (stride if step is None else step for step in self.strides)
        self.conv1 = nn.Conv2d(in_channels, channels, 1, first, bias=self.bias)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, second, padding=1, bias=self.bias)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out, 1, third, bias=self.bias)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = self.shortcut(in_channels, channels, out, stride)

    def shortcut(self, in_channels, channels, out, stride):
        if stride == 1 and in_channels == out:
            return None
        return nn.Sequential(nn.Conv2d(in_channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def way(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))

    def forward(self, x):
        return F.relu(self.way(x) + (x if self.downsample is None else self.downsample(x)))


@mistake("does not widen the output", hint="conv3 is 1x1 to 4 * channels")
class NotWidened(Parts):
    widening = 1


@mistake("widens by two", hint="4 * channels")
class WidenedByTwo(Parts):
    widening = 2


@mistake("leaves the biases of the convolutions in", hint="no biases")
class Biased(Parts):
    bias = True


@mistake("compares the input with `channels` to see whether the shortcut fits", hint="The shortcut fits the *output*")
class ShortcutOfTheNarrow(Parts):
    def shortcut(self, in_channels, channels, out, stride):
        if stride == 1 and in_channels == channels:
            return None
        return nn.Sequential(nn.Conv2d(in_channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))


@mistake("builds a shortcut convolution everywhere", hint="None only for stride 1")
class AlwaysDownsample(Parts):
    def shortcut(self, in_channels, channels, out, stride):
        return nn.Sequential(nn.Conv2d(in_channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))


@mistake("fits the shortcut for new channels only", hint="None only for stride 1")
class DownsampleForChannels(Parts):
    def shortcut(self, in_channels, channels, out, stride):
        return super().shortcut(in_channels, channels, out, stride) if in_channels != out else None


@mistake("has 3x3 convolutions throughout", hint="conv1 is 1x1")
class AllThree(Parts):
    def __init__(self, in_channels, channels, stride=1):
        super().__init__(in_channels, channels, stride)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
        self.conv3 = nn.Conv2d(channels, 4 * channels, 3, padding=1, bias=False)


@mistake("puts the stride on the first 1x1 convolution", hint="The stride sits on the 3x3")
class StrideOnTheFirst(Parts):
    strides = (None, 1, 1)


@mistake("puts the stride on the last convolution", hint="The stride sits on the 3x3")
class StrideOnTheLast(Parts):
    strides = (1, 1, None)


@mistake("takes the last ReLU before the sum", hint="none behind bn3")
class ReluBeforeTheSum(Parts):
    def forward(self, x):
        return F.relu(self.way(x)) + (x if self.downsample is None else self.downsample(x))


@mistake("takes a ReLU before the sum and one behind it", hint="none behind bn3")
class OneReluTooMany(Parts):
    def forward(self, x):
        return F.relu(F.relu(self.way(x)) + (x if self.downsample is None else self.downsample(x)))


@mistake("forgets the ReLU behind the 3x3 convolution", hint="ReLU behind bn1 and bn2")
class NoReluInTheMiddle(Parts):
    def way(self, x):
        return self.bn3(self.conv3(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))))


@mistake("forgets the last ReLU", hint="then the last ReLU")
class NoLastRelu(Parts):
    def forward(self, x):
        return self.way(x) + (x if self.downsample is None else self.downsample(x))


@mistake("forgets the shortcut where the shapes agree", hint="the sum with the shortcut")
class NoIdentity(Parts):
    def forward(self, x):
        return F.relu(self.way(x) if self.downsample is None else self.way(x) + self.downsample(x))


@mistake("cuts the gradient of the shortcut off", hint="Gradients flow back through both ways")
class DetachedShortcut(Parts):
    def forward(self, x):
        start = x.detach()
        return F.relu(self.way(x) + (start if self.downsample is None else self.downsample(start)))


@alternative
class InPlaceRelus(Parts):
    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu_()
        y = self.bn2(self.conv2(y)).relu_()
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return y.relu_()


@alternative
class AsOneSequential(Parts):
    def forward(self, x):
        relu = nn.ReLU()
        way = nn.Sequential(self.conv1, self.bn1, relu, self.conv2, self.bn2, relu, self.conv3, self.bn3)
        return torch.relu((self.downsample or nn.Identity())(x) + way(x))
