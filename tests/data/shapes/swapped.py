# Lists with their names swapped.
# gives: if p.ndim >= 2:
# changes: weights that did not decay do

import torch
from net import Net, train

net = Net()
decay, no_decay = [], []
for n, p in net.named_parameters():
    if "bias" in n or "norm" in n:
        decay.append(p)
    else:
        no_decay.append(p)
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
train(net, optimizer)
