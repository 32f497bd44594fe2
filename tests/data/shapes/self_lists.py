# Lists that are attributes.
# gives: if p.ndim < 2:

import torch
from net import Net, train

net = Net()


class Trainer:
    def __init__(self, model):
        self.model = model
        self.decay, self.rest = [], []
        for n, p in self.model.named_parameters():
            if n.endswith(".bias"):
                self.rest.append(p)
            else:
                self.decay.append(p)
        self.optimizer = torch.optim.AdamW(
            [{"params": self.decay, "weight_decay": 0.1}, {"params": self.rest, "weight_decay": 0.0}], lr=1e-3
        )


optimizer = Trainer(net).optimizer
train(net, optimizer)
