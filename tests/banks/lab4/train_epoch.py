"""What goes wrong, and what else is right, in `train_epoch`."""

import copy
from functools import partial

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


@mistake("never clears the gradients", hint="gradients pile up")
def no_zero_grad(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("clears the gradients once per epoch", hint="gradients pile up")
def zero_grad_once(model, batches, optimizer, loss):
    model.train()
    losses = []
    optimizer.zero_grad()
    for images, targets in batches:
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("steps before backward", hint="a step before backward")
def step_before_backward(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        value = loss(model(images), targets)
        optimizer.step()
        optimizer.zero_grad()
        value.backward()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("forgets the step, or clears the gradients just before it", hint="updates the wrong thing, or nothing")
def no_step(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("takes one step per epoch", hint="one step at the end is not enough")
def one_step(model, batches, optimizer, loss):
    model.train()
    optimizer.zero_grad()
    losses = [loss(model(images), targets) for images, targets in batches]
    mean = sum(losses) / len(losses)
    mean.backward()
    optimizer.step()
    return mean.item()


@mistake("takes one step per epoch, along the sum of all gradients", hint="one step at the end is not enough")
def one_step_along_the_sum(model, batches, optimizer, loss):
    model.train()
    optimizer.zero_grad()
    losses = []
    for images, targets in batches:
        value = loss(model(images), targets)
        value.backward()
        losses.append(value.item())
    optimizer.step()
    return sum(losses) / len(losses)


@mistake("returns the last batch's loss", hint="Neither the last one")
def last_loss(model, batches, optimizer, loss):
    model.train()
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
    return value.item()


@mistake("returns the sum of the losses", hint="nor the sum")
def sum_of_losses(model, batches, optimizer, loss):
    return by_the_book(model, batches, optimizer, loss) * len(batches)


@mistake("measures the loss after the step", hint="measured again afterwards")
def loss_after_the_step(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        loss(model(images), targets).backward()
        optimizer.step()
        losses.append(loss(model(images), targets).item())
    return sum(losses) / len(losses)


@mistake("returns all losses", hint="Returned is one number")
def all_losses(model, batches, optimizer, loss):
    return [by_the_book(model, [batch], optimizer, loss) for batch in batches]


@mistake("returns nothing", hint="Returned is one number")
def nothing(model, batches, optimizer, loss):
    by_the_book(model, batches, optimizer, loss)


@mistake("returns after the first batch", hint="over all batches")
def first_batch_only(model, batches, optimizer, loss):
    return by_the_book(model, list(batches)[:1], optimizer, loss)


@mistake("does not set training mode", hint="model.train()")
def keeps_the_mode(model, batches, optimizer, loss):
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("leaves the model in eval mode", hint="leave the model so")
def ends_in_eval_mode(model, batches, optimizer, loss):
    result = by_the_book(model, batches, optimizer, loss)
    model.eval()
    return result


@mistake("sets training mode after the batches", hint="before the first batch")
def trains_in_eval_mode(model, batches, optimizer, loss):
    result = keeps_the_mode(model, batches, optimizer, loss)
    model.train()
    return result


@mistake("trains a copy of the model", hint="updates the wrong thing")
def trains_a_copy(model, batches, optimizer, loss):
    model.train()
    replica = copy.deepcopy(model)
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(replica(images), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("swaps outputs and targets", hint="the loss gets (outputs, targets)")
def swaps_the_loss(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(targets, model(images))
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("steps twice", hint="zero_grad, forward, loss, backward, step")
def steps_twice(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("weights the losses by the sizes of the batches", hint="whatever their sizes")
def weighted_by_size(model, batches, optimizer, loss):
    losses, sizes = [], []
    for images, targets in batches:
        losses.append(by_the_book(model, [(images, targets)], optimizer, loss))
        sizes.append(len(images))
    return float(np.average(losses, weights=sizes))


@mistake("returns a tensor", hint="a float is due")
def returns_a_tensor(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        model.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    return torch.stack(losses).mean()


@mistake("returns a tensor that holds all graphs", hint="a float is due")
def returns_a_graph(model, batches, optimizer, loss):
    model.train()
    total, count = 0.0, 0
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        total, count = total + value, count + 1
    return total / count


@mistake("asks for the number of batches", hint="has no length")
def divides_by_the_length(model, batches, optimizer, loss):
    return by_the_book(model, batches, optimizer, loss, divide=len)


@mistake("counts the batches by going through them again", hint="gone through once")
def counts_again(model, batches, optimizer, loss):
    return by_the_book(model, batches, optimizer, loss, divide=lambda batches: max(1, sum(1 for _ in batches)))


@mistake("takes the batches by number", hint="has no length")
def by_number(model, batches, optimizer, loss):
    return by_the_book(model, [batches[i] for i in range(len(batches))], optimizer, loss)


@mistake("clips the gradients", hint="not clipped")
def clips(model, batches, optimizer, loss):
    model.train()
    losses = []
    for images, targets in batches:
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)


@mistake("returns the median of the losses", hint="the mean over all batches")
def median(model, batches, optimizer, loss):
    return float(np.median([by_the_book(model, [batch], optimizer, loss) for batch in batches]))


@alternative
def by_the_book(model, batches, optimizer, loss, divide=None):
    model.train()
    total, count = 0.0, 0
    for images, targets in batches:
        optimizer.zero_grad(set_to_none=False)
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        total += value.detach().item()
        count += 1
    return total / (divide(batches) if divide else count)


@alternative
def clears_afterwards(model, batches, optimizer, loss):
    model.train()
    optimizer.zero_grad()
    losses = []
    for images, targets in batches:
        value = loss(model(images), targets)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(value.detach()))
    return float(np.mean(losses))


@alternative
def by_closure(model, batches, optimizer, loss):
    def closure(images, targets):
        optimizer.zero_grad()
        value = loss(model(images), targets)
        value.backward()
        return value

    model.train()
    return np.mean([float(optimizer.step(partial(closure, *batch))) for batch in batches])
