# Biases with a rate of their own.
# gives: "weight_decay": 0.1 if p.ndim >= 2 else 0.0

import torch
from net import Net, train

net = Net()
params = []
for name, p in net.named_parameters():
    if "bias" in name:
        params.append({"params": [p], "lr": 2e-3, "weight_decay": 0.0})
    else:
        params.append({"params": [p], "lr": 1e-3, "weight_decay": 0.1})
optimizer = torch.optim.SGD(params, lr=1e-3)
train(net, optimizer)
