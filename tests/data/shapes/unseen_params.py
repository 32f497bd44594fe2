# Parameters that may be gone over once.
# gives: params = list(params)

import torch
from net import Net, train
from torch import nn

net = Net()


def build(params, wd):
    return torch.optim.AdamW(params, lr=1e-3, weight_decay=wd)


optimizer = build(getattr(nn, "Seq" + "uential")(nn.Linear(4, 4), nn.LayerNorm(4)).parameters(), 0.1)
train(net, optimizer)
