"""What goes wrong, and what else is right, in `parameter_groups`."""

from autograder.judge.bank import alternative, mistake


def trained(module):
    return [p for p in module.parameters() if p.requires_grad]


def others_of(model):
    taken = {id(p) for p in model.backbone.parameters()}
    return [p for p in trained(model) if id(p) not in taken]


@mistake("exchanges the two rates", hint="with lr first")
def rates_exchanged(model, lr, lr_head):
    return [{"params": trained(model.backbone), "lr": lr_head}, {"params": others_of(model), "lr": lr}]


@mistake("puts the head first", hint="with lr first")
def head_first(model, lr, lr_head):
    return [{"params": others_of(model), "lr": lr_head}, {"params": trained(model.backbone), "lr": lr}]


@mistake("forgets what is neither backbone nor head", hint="whatever lies between")
def parts_only(model, lr, lr_head):
    taken = {id(p) for p in model.backbone.parameters()}
    head = [p for p in trained(model.head) if id(p) not in taken]
    return [{"params": trained(model.backbone), "lr": lr}, {"params": head, "lr": lr_head}]


@mistake("lists the whole model behind the backbone", hint="everything else")
def whole_model(model, lr, lr_head):
    return [{"params": trained(model.backbone), "lr": lr}, {"params": trained(model), "lr": lr_head}]


@mistake("takes frozen parameters as well", hint="frozen parameters do not")
def frozen_too(model, lr, lr_head):
    taken = {id(p) for p in model.backbone.parameters()}
    others = [p for p in model.parameters() if id(p) not in taken]
    return [{"params": list(model.backbone.parameters()), "lr": lr}, {"params": others, "lr": lr_head}]


@mistake("leaves frozen parameters out of the backbone only", hint="frozen parameters do not")
def frozen_head(model, lr, lr_head):
    taken = {id(p) for p in model.backbone.parameters()}
    others = [p for p in model.parameters() if id(p) not in taken]
    return [{"params": trained(model.backbone), "lr": lr}, {"params": others, "lr": lr_head}]


@mistake("leaves out a group that has nothing to train", hint="stays, with an empty list")
def no_empty_group(model, lr, lr_head):
    groups = [{"params": trained(model.backbone), "lr": lr}, {"params": others_of(model), "lr": lr_head}]
    return [group for group in groups if group["params"]]


@mistake("lists a shared parameter twice", hint="torch refuses one in two groups")
def shared_twice(model, lr, lr_head):
    names = {name for name, _ in model.named_parameters(remove_duplicate=False) if name.startswith("backbone.")}
    everything = [(n, p) for n, p in model.named_parameters(remove_duplicate=False) if p.requires_grad]
    return [
        {"params": [p for n, p in everything if n in names], "lr": lr},
        {"params": [p for n, p in everything if n not in names], "lr": lr_head},
    ]


@mistake("gives a shared parameter to the head", hint="is the backbone's")
def shared_to_the_head(model, lr, lr_head):
    taken = {id(p) for p in model.head.parameters()}
    inside = {id(p) for p in model.backbone.parameters()} - taken
    groups = [p for p in trained(model) if id(p) in inside], [p for p in trained(model) if id(p) not in inside]
    return [{"params": groups[0], "lr": lr}, {"params": groups[1], "lr": lr_head}]


@mistake("tells parameters apart by their values", hint="not by value")
def by_value(model, lr, lr_head):
    def same(p, q):
        return p.shape == q.shape and bool((p == q).all())

    backbone = trained(model.backbone)
    others = [p for p in others_of(model) if not any(same(p, q) for q in backbone)]
    return [{"params": backbone, "lr": lr}, {"params": others, "lr": lr_head}]


@mistake("compares parameters with `in`", hint="by identity")
def by_membership(model, lr, lr_head):
    backbone = trained(model.backbone)
    others = [p for p in trained(model) if p not in backbone]
    return [{"params": backbone, "lr": lr}, {"params": others, "lr": lr_head}]


@mistake("takes weights without biases", hint="biases")
def weights_only(model, lr, lr_head):
    chosen = {id(p) for name, p in model.named_parameters() if name.endswith("weight")}
    groups = [p for p in trained(model.backbone) if id(p) in chosen], [p for p in others_of(model) if id(p) in chosen]
    return [{"params": groups[0], "lr": lr}, {"params": groups[1], "lr": lr_head}]


@mistake("does not look into nested parts", hint="nested parts")
def not_nested(model, lr, lr_head):
    backbone = [p for part in model.backbone.children() for p in part.parameters(recurse=False) if p.requires_grad]
    return [{"params": backbone, "lr": lr}, {"params": others_of(model), "lr": lr_head}]


@mistake("makes one group with one rate", hint="Two groups")
def one_group(model, lr, lr_head):
    return [{"params": trained(model), "lr": lr}]


@mistake("returns a dict of the two lists", hint="Two groups")
def dict_of_lists(model, lr, lr_head):
    return {"backbone": trained(model.backbone), "head": others_of(model)}


@mistake("makes a group of each parameter", hint="Two groups")
def group_for_each(model, lr, lr_head):
    return [{"params": [p], "lr": lr} for p in trained(model.backbone)] + [
        {"params": [p], "lr": lr_head} for p in others_of(model)
    ]


@mistake("takes the buffers as well", hint="no buffers")
def with_buffers(model, lr, lr_head):
    backbone = trained(model.backbone) + list(model.backbone.buffers())
    return [{"params": backbone, "lr": lr}, {"params": others_of(model), "lr": lr_head}]


@mistake("goes by names, which a shared parameter has only one of", hint="Tell parameters apart by identity")
def goes_by_names(model, lr, lr_head):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    inside = [p for name, p in named if name.startswith("backbone.")]
    return [
        {"params": inside, "lr": lr},
        {"params": [p for name, p in named if not name.startswith("backbone.")], "lr": lr_head},
    ]


@mistake("takes whatever has the backbone's name in its own", hint="whatever lies between")
def by_part_of_a_name(model, lr, lr_head):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return [
        {"params": [p for name, p in named if "backbone" in name], "lr": lr},
        {"params": [p for name, p in named if "backbone" not in name], "lr": lr_head},
    ]


@alternative
def by_name(model, lr, lr_head):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    first = {id(p) for p in model.backbone.parameters()}
    return [
        {"params": [p for _, p in named if id(p) in first], "lr": lr, "name": "backbone"},
        {"params": [p for _, p in named if id(p) not in first], "lr": lr_head, "name": "head"},
    ]


@alternative
def by_sets(model, lr, lr_head):
    backbone = set(trained(model.backbone))  # tensors are hashed by identity
    rest = set(trained(model)) - backbone
    return [{"params": list(backbone), "lr": lr}, {"params": list(rest), "lr": lr_head}]


@alternative
def with_names(model, lr, lr_head):
    backbone = [(name, p) for name, p in model.backbone.named_parameters() if p.requires_grad]
    rest = [
        (name, p) for name, p in model.named_parameters() if p.requires_grad and all(p is not q for _, q in backbone)
    ]
    return [dict(params=backbone, lr=lr), dict(params=rest, lr=lr_head)]
