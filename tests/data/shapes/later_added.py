# Groups that are added after construction: one with everything, one with gains and biases alone.
# gives: "params": [p for p in net.body.parameters() if p.ndim >= 2],
# gives: "params": [p for p in net.body.parameters() if p.ndim < 2],
# gives: "params": net.norm.parameters(), "weight_decay": 0.0}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(net.head.parameters(), lr=1e-3, weight_decay=0.1)
optimizer.add_param_group({"params": net.body.parameters(), "lr": 1e-2})
optimizer.add_param_group({"params": net.norm.parameters()})
train(net, optimizer)
