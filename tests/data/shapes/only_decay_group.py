# A split without its zero.
# gives: if "bias" in n], "lr": 1e-2, "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in net.named_parameters() if "bias" not in n]},
        {"params": [p for n, p in net.named_parameters() if "bias" in n], "lr": 1e-2},
    ],
    lr=1e-3,
    weight_decay=0.1,
)
train(net, optimizer)
