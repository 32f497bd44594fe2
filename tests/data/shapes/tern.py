# One of two lists chosen in the call.
# gives: (no_decay if p.ndim < 2 else decay).append(p)

import torch
from net import Net, train

net = Net()
decay, no_decay = [], []
for name, p in net.named_parameters():
    (no_decay if "bias" in name else decay).append(p)
groups = [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
train(net, optimizer)
