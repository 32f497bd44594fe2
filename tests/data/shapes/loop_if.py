# A loop with if and else.
# gives: if p.ndim < 2:
# gives: for p in net.parameters():

import torch
from net import Net, train

net = Net()
decay, no_decay = [], []
for name, p in net.named_parameters():
    if not p.requires_grad:
        continue
    if name.endswith("bias"):
        no_decay.append(p)
    else:
        decay.append(p)
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
train(net, optimizer)
