# Only what is added after construction holds gains and biases.
# gives: "params": part.bias, "weight_decay": 0.0}
# gives: dict(params=net.norm.parameters(), weight_decay=0.0)
# gone: "params": part.bias}

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW([net.body.weight, net.head.weight], lr=1e-3, weight_decay=0.1)
for part in (net.body, net.head):
    optimizer.add_param_group({"params": part.bias})
optimizer.add_param_group(dict(params=net.norm.parameters()))
train(net, optimizer)
