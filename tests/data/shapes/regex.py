# A regular expression and its import, in a script: what others might import stays.
# gives: [p for p in net.parameters() if p.ndim < 2]
# gone: import re

import re

import torch
from net import Net, train

net = Net()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in net.named_parameters() if not re.search(r"bias$|LayerNorm", n)], "weight_decay": 0.1},
        {"params": [p for n, p in net.named_parameters() if re.search(r"bias$|LayerNorm", n)], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
for _ in range(2):
    train(net, optimizer)
