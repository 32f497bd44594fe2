# A list that a loop fills.
# gives: [p for p in params if p.ndim < 2]

import torch
from net import Net, train

net = Net()
params = []
for name, p in net.named_parameters():
    if p.requires_grad:
        params.append(p)
optimizer = torch.optim.AdamW(params, lr=1e-3, weight_decay=0.1)
train(net, optimizer)
