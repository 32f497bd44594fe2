# Names given along with parameters, in a list.
# gives: [(n, p) for n, p in net.named_parameters() if p.ndim < 2]

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(list(net.named_parameters()), lr=1e-3, weight_decay=0.1)
train(net, optimizer)
