# Gains that no group holds.
# gives: if p.ndim >= 2:
# changes: what was in no group is trained

import torch
from net import Net, train

net = Net()
decay, no_decay = [], []
for n, p in net.named_parameters():
    if p.ndim >= 2 and "weight" in n:
        decay.append(p)
    elif "bias" in n:
        no_decay.append(p)
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
train(net, optimizer)
