# Parameters written out one by one.
# gives: [net.body.weight, *(p for p in net.head.parameters() if p.ndim >= 2)]

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [net.body.weight, net.body.bias, net.norm.weight, net.norm.bias, *net.head.parameters()], lr=1e-3, weight_decay=0.1
)
train(net, optimizer)
