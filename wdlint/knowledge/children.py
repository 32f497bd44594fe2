"""The direct modules of torchvision's models in their order, those without parameters included.

Measured: `named_children()` of every classification model of torchvision 0.28 that its `list_models` names. Models
whose modules all hold parameters need no entry: their names say the order.
"""

from __future__ import annotations

_INCEPTION = """
    Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 maxpool1 Conv2d_3b_1x1 Conv2d_4a_3x3 maxpool2 Mixed_5b Mixed_5c Mixed_5d
    Mixed_6a Mixed_6b Mixed_6c Mixed_6d Mixed_6e AuxLogits Mixed_7a Mixed_7b Mixed_7c avgpool dropout fc
"""
_GOOGLENET = """
    conv1 maxpool1 conv2 conv3 maxpool2 inception3a inception3b maxpool3 inception4a inception4b inception4c inception4d
    inception4e maxpool4 inception5a inception5b aux1 aux2 avgpool dropout fc
"""
_CHILDREN = {
    "alexnet.AlexNet": "features avgpool classifier",
    "convnext.ConvNeXt": "features avgpool classifier",
    "densenet.DenseNet": "features classifier",
    "efficientnet.EfficientNet": "features avgpool classifier",
    "googlenet.GoogLeNet": _GOOGLENET,
    "inception.Inception3": _INCEPTION,
    "mnasnet.MNASNet": "layers classifier",
    "mobilenetv2.MobileNetV2": "features classifier",
    "mobilenetv3.MobileNetV3": "features avgpool classifier",
    "resnet.ResNet": "conv1 bn1 relu maxpool layer1 layer2 layer3 layer4 avgpool fc",
    "shufflenetv2.ShuffleNetV2": "conv1 maxpool stage2 stage3 stage4 conv5 fc",
    "squeezenet.SqueezeNet": "features classifier",
    "swin_transformer.SwinTransformer": "features norm permute avgpool flatten head",
    "vgg.VGG": "features avgpool classifier",
    "vision_transformer.VisionTransformer": "conv_proj encoder heads",
}


def children(path: str) -> tuple[str, ...] | None:
    """The names of the direct modules of a class of torchvision, by its import path; None where it isn't known."""
    found = _CHILDREN.get(path.removeprefix("torchvision.models."))
    return tuple(found.split()) if found is not None else None
