# Options that may lack the decay.
# gives: AdamW(param_groups, **{"weight_decay": 0.0, **kwargs})
# changes: the update rule

import torch
from net import Net, train

net = Net()


def make(params, weight_decay=None):
    kwargs = {"lr": 1e-3}
    if weight_decay is not None:
        kwargs["weight_decay"] = weight_decay
    return torch.optim.Adam(params, **kwargs)


optimizer = make(net.parameters(), 0.1)
train(net, optimizer)
