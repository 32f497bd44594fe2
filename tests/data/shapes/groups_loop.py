# A group for each parameter.
# gives: "weight_decay": 0.1 if p.ndim >= 2 else 0.0

import torch
from net import Net, train

net = Net()
params = []
for name, p in net.named_parameters():
    if "head" in name:
        params += [{"params": [p], "lr": 1e-2}]
    else:
        params += [{"params": [p], "lr": 1e-3}]
optimizer = torch.optim.AdamW(params, weight_decay=0.1)
train(net, optimizer)
