# A function that is asked.
# gives: return p.ndim < 2

import torch
from net import Net, train

net = Net()


def is_exempt(name, p):
    """Whether a parameter is not decayed."""
    return name.endswith("bias")


optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in net.named_parameters() if not is_exempt(n, p)], "weight_decay": 0.1},
        {"params": [p for n, p in net.named_parameters() if is_exempt(n, p)], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
