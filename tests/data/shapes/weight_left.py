# A weight that is exempt by mistake.
# gives: if p.ndim < 2:
# changes: weights that did not decay do

import torch
from net import Net, train

net = Net()
decay, no_decay = [], []
for n, p in net.named_parameters():
    if n.endswith("bias") or "norm" in n or "head" in n:
        no_decay.append(p)
    else:
        decay.append(p)
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
train(net, optimizer)
