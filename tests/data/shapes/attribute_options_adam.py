# Options in an attribute, which may lack the decay.
# gives: AdamW(param_groups, **{"weight_decay": 0.0, **self.options})
# changes: the update rule

import torch
from net import Net, train


class Trainer:
    def __init__(self, model, options=None):
        self.model = model
        self.options = options or {}
        self.optimizer = torch.optim.Adam(self.model.parameters(), **self.options)


net = Net()
trainer = Trainer(net, {"weight_decay": 0.1})
train(net, trainer.optimizer)
