# Two models in one comprehension.
# gives: for m in (net, other) for p in m.parameters() if p.ndim < 2

import torch
from net import Net, train

net = Net()
other = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for m in (net, other) for n, p in m.named_parameters() if "bias" not in n], "weight_decay": 0.1},
        {"params": [p for m in (net, other) for n, p in m.named_parameters() if "bias" in n], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
