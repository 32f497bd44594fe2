# Classes of modules that nothing else asks for.
# gives: if p.ndim < 2:
# gives: for p in m.parameters(recurse=False):
# gone: NORMS

import torch
from net import Net, train
from torch import nn

net = Net()
NORMS = (nn.BatchNorm2d, nn.GroupNorm)
decay, no_decay = [], []
for m in net.modules():
    for n, p in m.named_parameters(recurse=False):
        if n == "bias" or isinstance(m, NORMS):
            no_decay.append(p)
        else:
            decay.append(p)
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
train(net, optimizer)
