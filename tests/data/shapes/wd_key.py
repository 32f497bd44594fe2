# A key that is not read.
# gives: p.ndim < 2], "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in net.parameters() if p.ndim >= 2], "weight_decay": 0.1},
        {"params": [p for p in net.parameters() if p.ndim < 2], "wd": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
