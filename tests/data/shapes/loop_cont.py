# A loop that goes on.
# gives: if p.ndim < 2:

import torch
from net import Net, train

net = Net()
decay, no_decay = [], []
for name, p in net.named_parameters():
    if "bias" in name:
        no_decay.append(p)
        continue
    decay.append(p)
groups = [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
train(net, optimizer)
