# Nothing but biases.
# gives: lr=1e-3, weight_decay=0.0)

import torch
from net import Net, train

net = Net()
for n, p in net.named_parameters():
    p.requires_grad = "bias" in n
optimizer = torch.optim.AdamW([p for n, p in net.named_parameters() if "bias" in n], lr=1e-3)
train(net, optimizer)
