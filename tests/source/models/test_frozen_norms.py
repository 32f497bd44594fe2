"""Norms of torchvision's detection models: constants with pretrained weights, which the backbone has by default."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

SCRIPT = """\
import torch
import torchvision
from torchvision.models import detection
from torchvision.models.detection import retinanet_resnet50_fpn

model = {call}
optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9, weight_decay=5e-4)
"""


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        ("detection.fasterrcnn_resnet50_fpn()", {"WD101"}),
        ("detection.fasterrcnn_resnet50_fpn(pretrained=True)", {"WD101"}),
        ("torchvision.models.detection.maskrcnn_resnet50_fpn(weights='DEFAULT')", {"WD101"}),
        ("detection.fasterrcnn_mobilenet_v3_large_fpn(weights=None)", {"WD101"}),
        ("retinanet_resnet50_fpn(weights=None, weights_backbone=None)", {"WD101", "WD102"}),
        ("retinanet_resnet50_fpn(pretrained=False, pretrained_backbone=False)", {"WD101", "WD102"}),
        ("detection.fasterrcnn_resnet50_fpn_v2(weights='DEFAULT')", {"WD101", "WD102"}),
        ("detection.fcos_resnet50_fpn()", {"WD101", "WD102"}),  # its head has norms of its own
        ("torchvision.models.segmentation.fcn_resnet50(weights='DEFAULT')", {"WD101", "WD102"}),
    ],
)
def test_the_backbones_norms(call: str, codes: set[str]) -> None:
    assert {finding.code for finding in check_source(SCRIPT.format(call=call))} == codes
