# Groups by rate and by kind, as comprehensions.
# gives: if "head" in n and p.ndim >= 2], "lr": 1e-2}
# gives: if "head" not in n and p.ndim < 2], "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
HEAD = ("head",)
optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in net.named_parameters() if "head" in n and "bias" not in n], "lr": 1e-2},
        {
            "params": [p for n, p in net.named_parameters() if "head" in n and "bias" in n],
            "lr": 1e-2,
            "weight_decay": 0.0,
        },
        {"params": [p for n, p in net.named_parameters() if "head" not in n and "bias" not in n]},
        {"params": [p for n, p in net.named_parameters() if "head" not in n and "bias" in n], "weight_decay": 0.0},
    ],
    lr=1e-3,
    weight_decay=0.1,
)
train(net, optimizer)
