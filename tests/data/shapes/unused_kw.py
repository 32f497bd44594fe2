# A finished split that nothing gets, by keyword.
# gives: params=groups

import torch
from net import Net, train

net = Net()
no_decay = ["bias", "norm"]
groups = [
    {"params": [p for n, p in net.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.1},
    {"params": [p for n, p in net.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(params=net.parameters(), lr=1e-3, weight_decay=0.1)
train(net, optimizer)
