# A model that can't be seen.
# gives: {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0}

import torch
from net import Net, train
from torch import nn

net = Net()


def build(model, wd):
    return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=wd)


optimizer = build(getattr(nn, "Seq" + "uential")(nn.Linear(4, 4), nn.LayerNorm(4)), 0.1)
train(net, optimizer)
