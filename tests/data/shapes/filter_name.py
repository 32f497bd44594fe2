# A filter.
# gives: if p.requires_grad and p.ndim < 2

import torch
from net import Net, train

net = Net()
params = filter(lambda p: p.requires_grad, net.parameters())
optimizer = torch.optim.AdamW(params, lr=1e-3, weight_decay=0.1)
train(net, optimizer)
