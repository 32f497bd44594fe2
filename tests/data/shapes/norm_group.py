# A group of gains and biases alone.
# gives: {"params": net.norm.parameters(), "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": net.body.parameters()},
        {"params": net.norm.parameters()},
        {"params": net.head.parameters(), "lr": 1e-2},
    ],
    lr=1e-3,
    weight_decay=0.1,
)
train(net, optimizer)
