# Membership of a list of identities.
# gives: norm_ids = [id(p) for p in net.parameters() if p.ndim < 2]

import torch
from net import Net, train

net = Net()
norm_ids = [id(p) for n, p in net.named_parameters() if "bias" in n]
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in net.parameters() if id(p) not in norm_ids], "weight_decay": 0.1},
        {"params": [p for p in net.parameters() if id(p) in norm_ids], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
