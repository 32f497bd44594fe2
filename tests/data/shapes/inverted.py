# A split the wrong way round.
# gives: if p.ndim >= 2], "weight_decay": 0.1}
# changes: weights that did not decay do

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.1},
        {"params": [p for p in net.parameters() if p.ndim >= 2], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
train(net, optimizer)
