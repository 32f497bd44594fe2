# Two models of one class, an optimizer each: no hazard.
# gives: {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},

import torch
from net import Net, train

net, other = Net(), Net()
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
train(net, optimizer)
