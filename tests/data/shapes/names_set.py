# Sets of names filled module by module.
# gives: if p.ndim < 2:

import torch
from net import Net, train

net = Net()
decay, no_decay = set(), set()
for mn, m in net.named_modules():
    for pn, p in m.named_parameters(recurse=False):
        full = f"{mn}.{pn}" if mn else pn
        if pn.endswith("bias"):
            no_decay.add(full)
        else:
            decay.add(full)
by_name = dict(net.named_parameters())
groups = [
    {"params": [by_name[n] for n in sorted(decay)], "weight_decay": 0.1},
    {"params": [by_name[n] for n in sorted(no_decay)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
train(net, optimizer)
