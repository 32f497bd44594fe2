# A strength chosen for each parameter.
# gives: "weight_decay": 0.0 if p.ndim < 2 else 0.1

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [{"params": [p], "weight_decay": 0.0 if "bias" in n else 0.1} for n, p in net.named_parameters()], lr=1e-3
)
train(net, optimizer)
