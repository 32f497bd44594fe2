# Pairs filtered by name.
# gives: lambda kv: kv[1].ndim >= 2

import torch
from net import Net, train

net = Net()
weights = list(filter(lambda kv: "bias" not in kv[0], net.named_parameters()))
rest = list(filter(lambda kv: "bias" in kv[0], net.named_parameters()))
optimizer = torch.optim.AdamW(
    [{"params": [p for _, p in weights], "weight_decay": 0.1}, {"params": [p for _, p in rest], "weight_decay": 0.0}],
    lr=1e-3,
)
train(net, optimizer)
