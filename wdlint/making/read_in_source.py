"""Optimizer classes that were read in their libraries' source rather than measured.

Most are gone from current releases and still imported by code that is linted; the others need a GPU
or a compiler to be built. Positions count from 0 without `self`.
"""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.facts import Coupling

DECOUPLED = Coupling.DECOUPLED
ADAPTIVE = Coupling.COUPLED_ADAPTIVE
PLAIN = Coupling.COUPLED_PLAIN
NONE = Coupling.NONE


@dataclass(frozen=True)
class Entry:
    """One line of the table, its arguments written as `name@position=default`."""

    paths: tuple[str, ...]
    parameters: str
    decay: str
    rate: str
    coupling: Coupling
    switches: str = ""
    reads: str = ""
    exempts: str = ""
    source: str = "source read"


def _read(paths: str, decay: str, coupling: Coupling, *, rate: str = "lr@1=0.001", **more: str) -> Entry:
    return Entry(tuple(paths.split()), more.pop("parameters", "params@0"), decay, rate, coupling, **more)


# Other paths under which a class of the measurements is, or was, imported.
FORMER_NAMES = {
    "transformers.Adafactor": "transformers.optimization.Adafactor",
    "timm.optim.AdamW": "timm.optim.AdamWLegacy",
    "timm.optim.adamw.AdamW": "timm.optim.AdamWLegacy",
    "timm.optim.RAdam": "timm.optim.RAdamLegacy",
    "timm.optim.radam.RAdam": "timm.optim.RAdamLegacy",
    "timm.optim.Nadam": "timm.optim.NAdamLegacy",
    "timm.optim.nadam.Nadam": "timm.optim.NAdamLegacy",
    "timm.optim.Kron": "timm.optim.kron.Kron",
    "deepspeed.runtime.fp16.onebit.OnebitAdam": "deepspeed.runtime.fp16.onebit.adam.OnebitAdam",
    "torchao.prototype.low_bit_optim.AdamW8bit": "torchao.optim.AdamW8bit",
    "torchao.prototype.low_bit_optim.AdamW4bit": "torchao.optim.AdamW4bit",
    "torchao.prototype.low_bit_optim.AdamWFp8": "torchao.optim.AdamWFp8",
    "torchao.prototype.low_bit_optim.Adam8bit": "torchao.optim.Adam8bit",
    "torchao.prototype.low_bit_optim.Adam4bit": "torchao.optim.Adam4bit",
    "lion_pytorch.lion.Lion": "lion_pytorch.Lion",
    "torch.optim.adafactor.Adafactor": "torch.optim.Adafactor",
    "fastai.vision.all.Adam": "fastai.optimizer.Adam",
    "fastai.vision.all.ranger": "fastai.optimizer.ranger",
    "torch_xla.amp.syncfree.Adam": "torch.optim.Adam",
    "torch_xla.amp.syncfree.AdamW": "torch.optim.AdamW",
    "torch_xla.amp.syncfree.SGD": "torch.optim.SGD",
}

HF_KEYS = "params lr betas eps weight_decay correct_bias"
BERT_KEYS = "params lr schedule warmup t_total b1 b2 e weight_decay max_grad_norm"

READ = (
    # Hugging Face's own AdamW until transformers 4: no decay unless asked for, unlike torch's.
    _read(
        "transformers.AdamW transformers.optimization.AdamW pytorch_transformers.AdamW"
        " pytorch_transformers.optimization.AdamW",
        "weight_decay@4=0",
        DECOUPLED,
        reads=HF_KEYS,
    ),
    _read(
        "pytorch_pretrained_bert.BertAdam pytorch_pretrained_bert.optimization.BertAdam",
        "weight_decay@8=0.01",
        DECOUPLED,
        rate="lr@1",
        reads=BERT_KEYS,
    ),
    _read(
        "pytorch_pretrained_bert.BERTAdam pytorch_pretrained_bert.optimization.BERTAdam",
        "weight_decay_rate@8=0.01",
        DECOUPLED,
        rate="lr@1",
        reads=BERT_KEYS.replace("decay", "decay_rate"),
    ),
    _read(
        "pytorch_pretrained_bert.OpenAIAdam pytorch_pretrained_bert.optimization_openai.OpenAIAdam",
        "weight_decay@8=0",
        DECOUPLED,
        rate="lr@1",
        reads=BERT_KEYS + " vector_l2",
        exempts="gains biases",
    ),
    _read("fairseq.optim.adam.Adam", "weight_decay@4=0", DECOUPLED),
    _read("fairseq.optim.adafactor.Adafactor", "weight_decay@6=0", DECOUPLED, rate="lr@1"),
    _read("fairseq.optim.adamax.Adamax", "weight_decay@4=0", DECOUPLED, rate="lr@1=0.002"),
    _read("fairseq.optim.nag.NAG", "weight_decay@3=0", PLAIN, rate="lr@1"),
    _read("adamp.AdamP adamp.adamp.AdamP", "weight_decay@4=0", DECOUPLED),
    _read("adamp.SGDP adamp.sgdp.SGDP", "weight_decay@4=0", DECOUPLED, rate="lr@1"),
    _read("adan_pytorch.Adan adan_pytorch.adan.Adan", "weight_decay@4=0", DECOUPLED),
    _read("adan.Adan", "weight_decay@4=0", DECOUPLED),
    _read("adabound.AdaBound adabound.adabound.AdaBound", "weight_decay@6=0", ADAPTIVE),
    _read("adabound.AdaBoundW adabound.adabound.AdaBoundW", "weight_decay@6=0", DECOUPLED),
    _read(
        "madgrad.MADGRAD madgrad.madgrad.MADGRAD",
        "weight_decay@3=0",
        ADAPTIVE,
        rate="lr@1=0.01",
        switches="decouple_decay=True:DECOUPLED",
    ),
    _read("came_pytorch.CAME came_pytorch.CAME.CAME", "weight_decay@5=0", DECOUPLED, rate="lr@1"),
    _read("galore_torch.GaLoreAdamW galore_torch.adamw.AdamW", "weight_decay@4=0", DECOUPLED),
    _read("galore_torch.GaLoreAdamW8bit galore_torch.adamw8bit.AdamW8bit", "weight_decay@4=0.01", DECOUPLED),
    _read("galore_torch.GaLoreAdafactor galore_torch.adafactor.Adafactor", "weight_decay@6=0", DECOUPLED, rate="lr@1"),
    _read("pytorch_lamb.Lamb pytorch_lamb.lamb.Lamb", "weight_decay@4=0", DECOUPLED),
    _read("pytorch_ranger.Ranger pytorch_ranger.ranger.Ranger", "weight_decay@7=0", DECOUPLED),
    _read("ranger.Ranger ranger.ranger.Ranger", "weight_decay@7=0", DECOUPLED),
    _read("pl_bolts.optimizers.LARS pl_bolts.optimizers.lars.LARS", "weight_decay@4=0", PLAIN, rate="lr@1"),
    # DeepSpeed makes an optimizer of its configuration in the place of this one, with what it was given.
    _read(
        "accelerate.utils.DummyOptim accelerate.utils.deepspeed.DummyOptim",
        "weight_decay@2=0",
        Coupling.UNKNOWN,
        reads="weight_decay",
        source="measured 1.15.0",
    ),
    _read(
        "composer.optim.DecoupledAdamW composer.optim.decoupled_weight_decay.DecoupledAdamW",
        "weight_decay@4=1e-05",
        DECOUPLED,
    ),
    _read(
        "composer.optim.DecoupledSGDW composer.optim.decoupled_weight_decay.DecoupledSGDW",
        "weight_decay@4=0",
        DECOUPLED,
        rate="lr@1",
    ),
    _read(
        "apex.contrib.optimizers.distributed_fused_adam.DistributedFusedAdam",
        "weight_decay=0",
        DECOUPLED,
        switches="adam_w_mode=False:COUPLED_ADAPTIVE",
    ),
    _read(
        "transformer_engine.pytorch.optimizers.FusedAdam transformer_engine.pytorch.optimizers.fused_adam.FusedAdam",
        "weight_decay=0",
        DECOUPLED,
        switches="adam_w_mode=False:COUPLED_ADAPTIVE",
    ),
    _read(
        "transformer_engine.pytorch.optimizers.FusedSGD transformer_engine.pytorch.optimizers.fused_sgd.FusedSGD",
        "weight_decay=0",
        PLAIN,
        rate="lr@1",
        switches="wd_after_momentum=True:DECOUPLED",
    ),
    _read(
        "colossalai.nn.optimizer.HybridAdam colossalai.nn.optimizer.hybrid_adam.HybridAdam",
        "weight_decay@5=0",
        DECOUPLED,
        parameters="model_params@0",
        switches="adamw_mode=False:COUPLED_ADAPTIVE",
    ),
    _read(
        "colossalai.nn.optimizer.CPUAdam colossalai.nn.optimizer.cpu_adam.CPUAdam",
        "weight_decay@5=0",
        DECOUPLED,
        parameters="model_params@0",
        switches="adamw_mode=False:COUPLED_ADAPTIVE",
    ),
    _read(
        "colossalai.nn.optimizer.FusedAdam colossalai.nn.optimizer.fused_adam.FusedAdam",
        "weight_decay@6=0",
        DECOUPLED,
        switches="adamw_mode=False:COUPLED_ADAPTIVE",
    ),
    # Functions that scale the learning rate of each group by the width and build torch's optimizer.
    _read(
        "mup.MuAdam mup.optim.MuAdam",
        "weight_decay=0",
        ADAPTIVE,
        rate="lr=0.001",
    ),
    _read("mup.MuAdamW mup.optim.MuAdamW", "weight_decay=0.01", DECOUPLED, rate="lr=0.001"),
    _read("mup.MuSGD mup.optim.MuSGD", "weight_decay=0", PLAIN, rate="lr"),
    _read("timm.optim.NovoGrad timm.optim.novograd.NovoGrad", "weight_decay@5=0", PLAIN, rate="lr@2=0.1"),
    # Groups say with `use_muon` which of two steps they take; both multiply the parameter itself.
    *(
        _read(
            f"muon.{name}",
            "weight_decay=0",
            DECOUPLED,
            parameters="param_groups@0",
            rate="lr=0.0003",
            reads="params use_muon lr momentum betas eps weight_decay",
        )
        for name in ("MuonWithAuxAdam", "SingleDeviceMuonWithAuxAdam")
    ),
    _read("dgl.optim.SparseAdam dgl.optim.pytorch.SparseAdam dgl.optim.SparseAdagrad", "", NONE, rate="lr@1"),
)
