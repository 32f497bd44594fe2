# Groups by rate and by kind, in a chain of tests.
# gives: if "head" in n and p.ndim < 2:
# gives: elif p.ndim < 2:

import torch
from net import Net, train

net = Net()
head_decay, head_rest, decay, rest = [], [], [], []
for n, p in net.named_parameters():
    if "head" in n and "bias" in n:
        head_rest.append(p)
    elif "head" in n:
        head_decay.append(p)
    elif "bias" in n:
        rest.append(p)
    else:
        decay.append(p)
optimizer = torch.optim.AdamW(
    [
        {"params": head_decay, "lr": 1e-2},
        {"params": head_rest, "lr": 1e-2, "weight_decay": 0.0},
        {"params": decay},
        {"params": rest, "weight_decay": 0.0},
    ],
    lr=1e-3,
    weight_decay=0.1,
)
train(net, optimizer)
