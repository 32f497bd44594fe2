# A gain of three dimensions.
# gives: if p.ndim < 2 or n.endswith("scale")

import torch
from net import Scaled, train

net = Scaled()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in net.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
