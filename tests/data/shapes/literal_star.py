# An element in the wrong list.
# gives: [net.body.bias, net.head.bias, *net.norm.parameters()]

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [net.body.weight, net.head.weight, *net.norm.parameters()], "weight_decay": 0.1},
        {"params": [net.body.bias, net.head.bias], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
