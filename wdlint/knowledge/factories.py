"""Libraries whose calls make models that are not known parameter by parameter: what those models surely hold.

"Surely" means for every model that the library makes under the listed paths with default arguments, by
its documentation and source. Where nothing is sure, the call is still known to make a model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from wdlint.facts import Kind

ALL = frozenset({Kind.WEIGHT, Kind.GAIN, Kind.BIAS})  # normalised layers with gains, and biases
NO_GAIN = frozenset({Kind.WEIGHT, Kind.BIAS})
NO_BIAS = frozenset({Kind.WEIGHT, Kind.GAIN})
NOTHING: frozenset[Kind] = frozenset()

_LOADERS = ("from_pretrained", "from_name", "from_config", "from_single_file", "load_from_checkpoint")


@dataclass(frozen=True, slots=True)
class Factory:
    """A callable of a library that makes a model."""

    path: str
    holds: frozenset[Kind]  # kinds that each of its models holds; empty: nothing is certain


# Package, then names of classes or functions in it, at whatever depth they are imported from.
_KNOWN: tuple[tuple[str, str, frozenset[Kind]], ...] = (
    (
        "segmentation_models_pytorch",
        "Unet UnetPlusPlus MAnet Linknet FPN PSPNet PAN DeepLabV3 DeepLabV3Plus UPerNet Segformer DPT create_model",
        ALL,
    ),
    ("monai", "UNETR SwinUNETR ViT ViTAutoEnc DynUNet SegResNet SegResNetVAE SegResNetDS DenseNet DenseNet121", ALL),
    ("monai", "DenseNet169 DenseNet201 DenseNet264 EfficientNetBN SENet154 SEResNet50 ResNet ResNetFeatures", ALL),
    ("monai", "resnet10 resnet18 resnet34 resnet50 resnet101 DiffusionModelUNet AutoencoderKL", ALL),
    ("monai", "BasicUNet BasicUnet VNet AttentionUnet HighResNet", ALL),
    ("monai", "UNet Unet Discriminator Regressor", NO_GAIN),  # instance norms without gains
    ("ultralytics", "YOLO RTDETR SAM YOLOWorld YOLOE NAS FastSAM", ALL),
    ("diffusers", "Transformer2DModel TransformerTemporalModel UniDiffuserModel HunyuanDiT2DModel AutoModel", NOTHING),
    ("open_clip", "create_model create_model_and_transforms create_model_from_pretrained", ALL),
    ("clip", "load", ALL),
    ("whisper", "load_model", ALL),
    ("efficientnet_pytorch", "EfficientNet", ALL),
    ("facenet_pytorch", "InceptionResnetV1", ALL),
    ("facenet_pytorch", "MTCNN", NO_GAIN),
    ("vit_pytorch", "ViT SimpleViT DeepViT CaiT T2TViT CrossViT PiT LeViT CvT Twins MaxViT MAE DistillableViT", ALL),
    ("resnest", "resnest50 resnest101 resnest200 resnest269", ALL),
    ("pretrainedmodels", "se_resnext50_32x4d se_resnext101_32x4d senet154 xception inceptionv4 nasnetalarge", ALL),
    (
        "torch_geometric",
        "GCN GraphSAGE GIN GAT PNA EdgeCNN MLP GAE VGAE SchNet DimeNet DimeNetPlusPlus AttentiveFP",
        NOTHING,
    ),
    ("sentence_transformers", "SentenceTransformer CrossEncoder SparseEncoder", NOTHING),
    ("fairseq", "load_model_ensemble load_model_ensemble_and_task", NOTHING),
    ("mmseg", "build_segmentor build_backbone init_model", NOTHING),
    ("mmdet", "build_detector build_backbone init_detector", NOTHING),
    ("mmcls", "build_classifier get_model", NOTHING),
    ("mmpretrain", "build_classifier get_model", NOTHING),
    ("mmengine", "build_model_from_cfg", NOTHING),
    ("detectron2", "build_model", NOTHING),
    ("mamba_ssm", "MambaLMHeadModel", NO_BIAS),
    ("x_transformers", "TransformerWrapper ContinuousTransformerWrapper XTransformer Encoder Decoder", NO_BIAS),
    ("torchaudio", "wav2vec2_base wav2vec2_large hubert_base hubert_large wavlm_base Conformer ConvTasNet", ALL),
    ("transformers", "pipeline AutoBackbone", NOTHING),
    ("peft", "AutoPeftModelForCausalLM AutoPeftModelForSequenceClassification AutoPeftModel PeftModel", NOTHING),
    ("trl", "AutoModelForCausalLMWithValueHead AutoModelForSeq2SeqLMWithValueHead", NOTHING),
    ("unsloth", "FastLanguageModel FastModel FastVisionModel", NOTHING),
)

# Functions that make whatever their arguments name.
_BY_PATH = {
    "torch.hub.load": NOTHING,
    "torch.jit.load": NOTHING,
    "torch.load": NOTHING,
    "timm.create_model": NOTHING,
    "timm.models.create_model": NOTHING,
    "timm.models.factory.create_model": NOTHING,
    "torchvision.models.get_model": NOTHING,
}


def factory(path: str) -> Factory | None:
    """What the call of `path` is known to make; None where it is not known to make a model."""
    if path in _added:
        return Factory(path, NOTHING)
    holds = _BY_PATH.get(path)
    if holds is None:
        package, _, rest = path.partition(".")
        parts = rest.split(".")
        if parts[-1] in _LOADERS:
            parts.pop()
        holds = _by_name().get((package, parts[-1])) if parts else None
    return Factory(path, holds) if holds is not None else None


_added: set[str] = set()


def add(paths: Iterable[str]) -> None:
    """Set the factories that a user knows besides the table's, in place of those that were added before."""
    _added.clear()
    _added.update(paths)


@cache
def _by_name() -> dict[tuple[str, str], frozenset[Kind]]:
    return {(package, name): holds for package, names, holds in _KNOWN for name in names.split()}
