"""What goes wrong, and what else is right, in `Hourglass`."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake
from solutions.transfer import BasicBlock


class Parts(nn.Module):
    """The parts that the student is given. What is inside is an hourglass of the same kind."""

    def __init__(self, depth, channels):
        super().__init__()
        self.skip = BasicBlock(channels, channels)
        self.before = BasicBlock(channels, channels)
        self.inner = type(self)(depth - 1, channels) if depth > 1 else BasicBlock(channels, channels)
        self.after = BasicBlock(channels, channels)

    def down(self, x):
        return F.max_pool2d(x, 2)

    def up(self, y, x):
        return F.interpolate(y, scale_factor=2, mode="nearest")

    def low(self, x):
        return self.after(self.inner(self.before(x)))

    def forward(self, x):
        return self.skip(x) + self.up(self.low(self.down(x)), x)


@mistake("forgets the skip", hint="Two ways that meet in a sum")
class NoSkip(Parts):
    def forward(self, x):
        return self.up(self.low(self.down(x)), x)


@mistake("adds its input instead of what `skip` makes of it", hint="skip(x) at full size")
class IdentitySkip(Parts):
    def forward(self, x):
        return x + self.up(self.low(self.down(x)), x)


@mistake("concatenates instead of adding", hint="nothing concatenated")
class Concatenated(Parts):
    def forward(self, x):
        return torch.cat([self.skip(x), self.up(self.low(self.down(x)), x)], dim=1)


@mistake("never goes down", hint="maximum pooling by 2")
class NeverDown(Parts):
    def forward(self, x):
        return self.skip(x) + self.low(x)


@mistake("puts the first block in front of the pooling", hint="maximum pooling by 2")
class BlockBeforePooling(Parts):
    def forward(self, x):
        return self.skip(x) + self.up(self.after(self.inner(self.down(self.before(x)))), x)


@mistake("puts the last block behind the enlarging", hint="each cell repeated")
class BlockBehindEnlarging(Parts):
    def forward(self, x):
        return self.skip(x) + self.after(self.up(self.inner(self.before(self.down(x))), x))


@mistake("pools by averaging", hint="maximum pooling")
class AveragePooling(Parts):
    def down(self, x):
        return F.avg_pool2d(x, 2)


@mistake("interpolates linearly", hint="each cell repeated")
class Bilinear(Parts):
    def up(self, y, x):
        return F.interpolate(y, scale_factor=2, mode="bilinear")


@mistake("never comes back up", hint="to the size of x again")
class NeverUp(Parts):
    def forward(self, x):
        return self.down(self.skip(x)) + self.low(self.down(x))


@mistake("forgets the block behind the inner one", hint="before, inner, after")
class NoAfter(Parts):
    def low(self, x):
        return self.inner(self.before(x))


@mistake("skips the inner hourglass", hint="before, inner, after")
class NoInner(Parts):
    def low(self, x):
        return self.after(self.before(x))


@mistake("takes a ReLU and a factor behind the sum", hint="Nothing behind the sum")
class Averaged(Parts):
    def forward(self, x):
        return F.relu(super().forward(x)) / 2


@mistake("exchanges the blocks before and after", hint="before, inner, after")
class BlocksExchanged(Parts):
    def low(self, x):
        return self.before(self.inner(self.after(x)))


@mistake("cuts the gradient of the way down off", hint="Gradients flow back through both")
class DetachedBelow(Parts):
    def forward(self, x):
        return self.skip(x) + self.up(self.low(self.down(x.detach())), x)


@alternative
class ByRepeating(Parts):
    def forward(self, x):
        y = self.after(self.inner(self.before(nn.MaxPool2d(2)(x))))
        return y.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3) + self.skip(x)


@alternative
class ToTheSizeOfTheInput(Parts):
    def forward(self, x):
        low = nn.Sequential(nn.MaxPool2d(2), self.before, self.inner, self.after)(x)
        return self.skip(x) + F.interpolate(low, size=x.shape[2:])


@alternative
class ByWindows(Parts):
    def down(self, x):
        B, C, H, W = x.shape
        return x.reshape(B, C, H // 2, 2, W // 2, 2).amax(dim=(3, 5))

    def up(self, y, x):
        return torch.kron(y, torch.ones(2, 2))
