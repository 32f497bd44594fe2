# A finished split that nothing gets.
# gives: AdamW(groups, lr=1e-3, weight_decay=0.1)

import torch
from net import Net, train

net = Net()
decay = [p for p in net.parameters() if p.ndim >= 2]
no_decay = [p for p in net.parameters() if p.ndim < 2]
groups = [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
train(net, optimizer)
