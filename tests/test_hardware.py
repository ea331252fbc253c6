"""Training code is the same on a CPU and on a GPU; what only a GPU has does nothing here."""

import torch

from posekit import autocast, device, grad_scaler


def test_the_device_is_a_gpu_only_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device() == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device() == torch.device("cuda")


def test_on_a_cpu_training_is_in_float32_and_steps_are_those_of_the_plain_loop():
    where = torch.device("cpu")
    x = torch.linspace(-1.0, 1.0, 12).reshape(4, 3)

    def trained(step):
        torch.manual_seed(0)
        net = torch.nn.Linear(3, 1).to(where)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            step(net, optimizer)
        return net.weight.detach()

    def mixed(net, optimizer):
        scaler = grad_scaler(where)
        with autocast(where):
            prediction = net(x)
            loss = prediction.square().mean()
        assert prediction.dtype == torch.float32
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    def plain(net, optimizer):
        net(x).square().mean().backward()
        optimizer.step()

    assert torch.equal(trained(mixed), trained(plain))


def test_a_gpu_is_asked_for_half_precision(monkeypatch):
    asked = {}
    monkeypatch.setattr(torch, "autocast", lambda kind, **options: asked.update(options, kind=kind))
    autocast(torch.device("cuda"))
    assert asked == {"kind": "cuda", "dtype": torch.float16, "enabled": True}
