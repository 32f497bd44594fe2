# Groups that are divided and decay both.
# gives: net.norm.bias], "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [net.body.weight, net.head.weight]},
        {"params": [net.body.bias, net.head.bias, net.norm.weight, net.norm.bias]},
    ],
    lr=1e-3,
    weight_decay=0.1,
)
train(net, optimizer)
