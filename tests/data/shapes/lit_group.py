# Groups of parameters written out.
# gives: {"params": [net.head.bias], "lr": 1e-2, "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [net.body.weight, net.body.bias, *net.norm.parameters()], "lr": 1e-3},
        {"params": [net.head.weight, net.head.bias], "lr": 1e-2},
    ],
    weight_decay=0.1,
)
train(net, optimizer)
