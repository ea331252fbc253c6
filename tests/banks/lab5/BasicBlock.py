"""What goes wrong, and what else is right, in `BasicBlock`."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake


class Parts(nn.Module):
    """The parts as they should be; what a class below gets wrong it overrides."""

    expansion = 1
    bias = False

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=self.bias)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=self.bias)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = self.shortcut(in_channels, channels, stride)

    def shortcut(self, in_channels, channels, stride):
        if stride == 1 and in_channels == channels:
            return None
        return nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


@mistake("leaves the biases of the convolutions in", hint="bias=False")
class Biased(Parts):
    bias = True


@mistake("calls its parts by other names", hint="called conv1, bn1")
class OtherNames(nn.Module):
    expansion = 1

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        self.convolution1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.convolution2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != channels:
            convolution = nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.norm2(self.convolution2(F.relu(self.norm1(self.convolution1(x)))))
        return F.relu(y + self.shortcut(x))


@mistake("shares one normalisation between both convolutions", hint="ReLU, conv2, bn2")
class OneNormalisation(Parts):
    def __init__(self, in_channels, channels, stride=1):
        super().__init__(in_channels, channels, stride)
        self.bn2 = self.bn1


@mistake("builds a shortcut convolution everywhere", hint="Elsewhere downsample is None")
class AlwaysDownsample(Parts):
    def shortcut(self, in_channels, channels, stride):
        return nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))


@mistake("builds the shortcut convolution for a stride only", hint="or the channels differ")
class DownsampleForStride(Parts):
    def shortcut(self, in_channels, channels, stride):
        return super().shortcut(in_channels, channels, stride) if stride != 1 else None


@mistake("builds the shortcut convolution for new channels only", hint="if the stride is not")
class DownsampleForChannels(Parts):
    def shortcut(self, in_channels, channels, stride):
        return super().shortcut(in_channels, channels, stride) if in_channels != channels else None


@mistake("forgets the stride of the shortcut", hint="with the stride")
class ShortcutNotStrided(Parts):
    def shortcut(self, in_channels, channels, stride):
        whole = super().shortcut(in_channels, channels, stride)
        return whole and nn.Sequential(nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels))


@mistake("forgets the normalisation of the shortcut", hint="BatchNorm2d)")
class ShortcutNotNormalised(Parts):
    def shortcut(self, in_channels, channels, stride):
        whole = super().shortcut(in_channels, channels, stride)
        return whole and nn.Sequential(whole[0])


@mistake("gives the shortcut's convolution a bias", hint="without bias, BatchNorm2d")
class ShortcutBiased(Parts):
    def shortcut(self, in_channels, channels, stride):
        whole = super().shortcut(in_channels, channels, stride)
        return whole and nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride), nn.BatchNorm2d(channels))


@mistake("shrinks the input with pooling instead of a convolution", hint="1x1 Conv2d")
class PooledShortcut(Parts):
    def shortcut(self, in_channels, channels, stride):
        return nn.AvgPool2d(1, stride) if stride > 1 else super().shortcut(in_channels, channels, stride)


@mistake("has an identity module where there is no shortcut convolution", hint="Elsewhere downsample is None")
class IdentityShortcut(Parts):
    def shortcut(self, in_channels, channels, stride):
        return super().shortcut(in_channels, channels, stride) or nn.Identity()


@mistake("takes the second ReLU before the sum", hint="behind the sum")
class ReluBeforeTheSum(Parts):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))) + shortcut


@mistake("forgets the last ReLU", hint="second ReLU last")
class NoLastRelu(Parts):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut


@mistake("forgets the ReLU between the convolutions", hint="bn1, ReLU, conv2")
class NoReluBetween(Parts):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))) + shortcut)


@mistake("forgets the shortcut", hint="the sum with the shortcut")
class NoShortcut(Parts):
    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


@mistake("puts the ReLU in front of the normalisation", hint="bn1, ReLU, conv2")
class ReluBeforeNormalisation(Parts):
    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(self.bn1(F.relu(self.conv1(x))))) + shortcut)


@mistake("puts the stride on the second convolution", hint="carries the stride")
class StrideOnTheSecond(Parts):
    def __init__(self, in_channels, channels, stride=1):
        super().__init__(in_channels, channels, stride)
        self.conv1.stride, self.conv2.stride = (1, 1), (stride, stride)


@mistake("adds what the first convolution gave instead of the block's input", hint="as it came in")
class LateShortcut(Parts):
    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + y)


@mistake("rectifies the input in place", hint="as it came in")
class ReluInPlace(Parts):
    def forward(self, x):
        return super().forward(F.relu_(x))


@mistake("detaches the shortcut", hint="nothing is detached")
class DetachedShortcut(Parts):
    def forward(self, x):
        shortcut = x.detach() if self.downsample is None else self.downsample(x.detach())
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


@mistake("computes the shortcut without gradients", hint="under no_grad")
class ShortcutWithoutGradient(Parts):
    def forward(self, x):
        with torch.no_grad():
            shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


@mistake("normalises by the stored statistics in training, too", hint="the batch's own statistics")
class StoredStatistics(Parts):
    def forward(self, x):
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        return super().forward(x)


@alternative
class InPlaceRelus(Parts):
    def forward(self, x):
        y = F.relu_(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return y.relu_()


@alternative
class ByHand(nn.Module):
    expansion = 1

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        self.downsample = None
        if stride > 1 or channels != in_channels:
            self.downsample = nn.Sequential()
            self.downsample.append(nn.Conv2d(in_channels, channels, (1, 1), (stride, stride), bias=False))
            self.downsample.append(nn.BatchNorm2d(channels))
        self.conv1 = nn.Conv2d(in_channels, channels, (3, 3), (stride, stride), (1, 1), bias=False)
        self.conv2 = nn.Conv2d(channels, channels, (3, 3), (1, 1), "same", bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x):
        y = torch.clamp(self.bn1(self.conv1(x)), min=0)
        y = self.bn2(self.conv2(y))
        if self.downsample is not None:
            x = self.downsample(x)
        return torch.clamp(x + y, min=0)


@alternative
class AsOneSequential(Parts):
    def forward(self, x):
        way = nn.Sequential(self.conv1, self.bn1, self.relu, self.conv2, self.bn2)
        return self.relu((self.downsample or nn.Identity())(x) + way(x))
