"""What libraries do around an optimizer: wrap it, make it, or make its parameter groups.

A wrapper hands on parameters and decay of an optimizer that it is given as an instance or as a
class. A helper divides a model's parameters into groups by a rule of its own, or makes optimizer and
groups in one call. The optimizer classes themselves are in `optimizers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from wdlint.facts import Division, Ternary
from wdlint.knowledge.optimizers import Argument


class Form(Enum):
    """How a wrapper passes an optimizer on."""

    INSTANCE = "instance"  # takes an optimizer, returns one over the same groups
    CLASS = "class"  # takes parameters and an optimizer class, and builds it with the other arguments
    ARGUMENTS = "arguments"  # returns its positional arguments in their order (one: itself; more: a tuple)
    ENGINE = "engine"  # deepspeed.initialize: returns (engine, optimizer, loader, scheduler)


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A class, function or method that wraps an optimizer."""

    path: str
    form: Form
    optimizer: Argument | None = None  # the instance, or for CLASS the optimizer's class
    parameters: Argument | None = None  # CLASS and ENGINE
    own: tuple[str, ...] = ()  # CLASS: keyword arguments that don't reach the optimizer
    either: bool = False  # `optimizer` may be an instance or a class


@dataclass(frozen=True, slots=True)
class Helper:
    """A function that divides a model's parameters into groups, and may build the optimizer too.

    `exempt` is the condition under which a parameter gets no decay, as a Python expression over
    its name `n`, the parameter `p`, the owning module `m` and the helper's own arguments.
    """

    path: str
    model: Argument
    decay: Argument | None  # None: taken from a configuration
    exempt: str
    decayed: Division  # which kinds the decayed group holds
    patterns: Argument | None = None  # further names to exempt, given by the caller
    makes_optimizer: bool = False  # returns an optimizer, not its groups
    optimizer: Argument | None = None  # the optimizer's name, where it makes one
    divides_unless: str | None = None  # an argument that, when false, leaves the parameters undivided
    honours_declared: bool = False  # reads the model's `no_weight_decay()`
    returns_names: bool = False  # returns the names that decay, not groups


_ONLY_WEIGHTS = Division(weights=Ternary.YES, gains=Ternary.NO, biases=Ternary.NO)
_NO_BIASES = Division(weights=Ternary.YES, gains=Ternary.UNKNOWN, biases=Ternary.NO)
_NO_NORMS = Division(weights=Ternary.YES, gains=Ternary.UNKNOWN, biases=Ternary.UNKNOWN)

_FIRST = Argument("optimizer", 0)


def _instances(*paths: str, argument: Argument = _FIRST, either: bool = False) -> list[Wrapper]:
    return [Wrapper(path, Form.INSTANCE, argument, either=either) for path in paths]


def _classes(path: str, optimizer: Argument, *own: str) -> Wrapper:
    return Wrapper(path, Form.CLASS, optimizer, Argument("params", 0), own)


_WRAPPERS: tuple[Wrapper, ...] = (
    # Methods are listed under the class that has them.
    *(
        Wrapper(path, Form.ARGUMENTS)
        for path in (
            "accelerate.Accelerator.prepare",
            "accelerate.accelerator.Accelerator.prepare",
            "accelerate.Accelerator.prepare_model",
            "accelerate.Accelerator.prepare_optimizer",
            "lightning.Fabric.setup",
            "lightning.fabric.Fabric.setup",
            "lightning_fabric.Fabric.setup",
            "lightning.Fabric.setup_optimizers",
            "lightning.fabric.Fabric.setup_optimizers",
            "lightning_fabric.Fabric.setup_optimizers",
            "pytorch_lightning.lite.LightningLite.setup",
            "apex.amp.initialize",
            "intel_extension_for_pytorch.optimize",
            "ignite.distributed.auto_optim",
            "ignite.distributed.auto_model",
        )
    ),
    *_instances(
        "horovod.torch.DistributedOptimizer",
        "byteps.torch.DistributedOptimizer",
        "bagua.torch_api.DistributedOptimizer",
        "fairscale.optim.AdaScale",
        "fairscale.optim.adascale.AdaScale",
        "fairscale.optim.grad_scaler.GradScaler",
        "torch_optimizer.Lookahead",
        "torch_optimizer.lookahead.Lookahead",
        "pytorch_optimizer.TRAC",
        "pytorch_optimizer.PCGrad",
        "pytorch_optimizer.SafeFP16Optimizer",
        "pytorch_ranger.Lookahead",
        "pl_bolts.optimizers.lars_scheduling.LARSWrapper",
        "apex.parallel.LARC",
        "apex.parallel.LARC.LARC",
        "torchlars.LARS",
        "accelerate.optimizer.AcceleratedOptimizer",
        "opacus.optimizers.DPOptimizer",
        "opacus.optimizers.optimizer.DPOptimizer",
        "deepspeed.runtime.zero.stage_1_and_2.DeepSpeedZeroOptimizer",
        "torch_xla.core.xla_model.DistributedOptimizer",
        "torchcontrib.optim.SWA",
        "torchcontrib.optim.swa.SWA",
    ),
    *_instances(
        "pytorch_optimizer.Lookahead",
        "pytorch_optimizer.OrthoGrad",
        "pytorch_optimizer.ScheduleFreeWrapper",
        either=True,
    ),
    *_instances("schedulefree.ScheduleFreeWrapper", argument=Argument("base", 0)),
    *_instances("timm.optim.Lookahead", "timm.optim.lookahead.Lookahead", argument=Argument("base_optimizer", 0)),
    *_instances(
        "apex.fp16_utils.FP16_Optimizer",
        "apex.fp16_utils.fp16_optimizer.FP16_Optimizer",
        "apex.optimizers.FP16_Optimizer",
        "apex.contrib.optimizers.FP16_Optimizer",
        argument=Argument("init_optimizer", 0),
    ),
    _classes(
        "torch.distributed.optim.ZeroRedundancyOptimizer",
        Argument("optimizer_class", 1),
        "process_group",
        "parameters_as_bucket_view",
        "overlap_with_ddp",
    ),
    _classes(
        "torch.distributed.optim.zero_redundancy_optimizer.ZeroRedundancyOptimizer",
        Argument("optimizer_class", 1),
        "process_group",
        "parameters_as_bucket_view",
        "overlap_with_ddp",
    ),
    _classes("fairscale.optim.OSS", Argument("optim", 1), "group", "broadcast_buffer_size", "force_broadcast_object"),
    _classes(
        "fairscale.optim.oss.OSS", Argument("optim", 1), "group", "broadcast_buffer_size", "force_broadcast_object"
    ),
    Wrapper(
        "torch.distributed.optim.DistributedOptimizer",
        Form.CLASS,
        Argument("optimizer_class", 0),
        Argument("params_rref", 1),
    ),
    _classes("torchao.optim.CPUOffloadOptimizer", Argument("optimizer_class", 1), "offload_gradients", "minimal_size"),
    _classes(
        "torchao.prototype.low_bit_optim.CPUOffloadOptimizer",
        Argument("optimizer_class", 1),
        "offload_gradients",
        "minimal_size",
    ),
    _classes("pytorch_optimizer.SAM", Argument("base_optimizer", 1), "rho", "adaptive", "perturb_eps", "use_gc"),
    _classes("pytorch_optimizer.LookSAM", Argument("base_optimizer", 1), "rho", "k", "alpha", "adaptive", "use_gc"),
    _classes("sam.SAM", Argument("base_optimizer", 1), "rho", "adaptive"),
    _classes("sam_pytorch.SAM", Argument("base_optimizer", 1), "rho", "adaptive"),
    *_instances("pytorch_optimizer.GSAM", argument=Argument("base_optimizer", 1)),
    Wrapper(
        "pytorch_optimizer.WSAM",
        Form.CLASS,
        Argument("base_optimizer", 2),
        Argument("params", 1),
        ("model", "rho", "gamma"),
    ),
    _classes("pytorch_optimizer.FriendlySAM", Argument("base_optimizer", 1), "rho", "sigma", "lmbda", "adaptive"),
    *_instances("heavyball.SAMWrapper", argument=Argument("wrapped_optimizer", 1)),
    Wrapper("deepspeed.initialize", Form.ENGINE, Argument("optimizer", 2), Argument("model_parameters", 3)),
)

_TIMM = "n.endswith('.bias') or p.ndim <= 1"
_MODEL = Argument("model", 0)

_HELPERS: tuple[Helper, ...] = (
    *(
        Helper(
            path,
            _MODEL,
            Argument("weight_decay", 1, 1e-5),
            f"{_TIMM} or n in {names}",
            _ONLY_WEIGHTS,
            patterns=Argument(names, 2),
        )
        for path, names in (
            ("timm.optim.param_groups_weight_decay", "no_weight_decay_list"),
            ("timm.optim.optim_factory.param_groups_weight_decay", "no_weight_decay_list"),
            ("timm.optim._param_groups.param_groups_weight_decay", "no_weight_decay_list"),
            ("timm.optim.add_weight_decay", "skip_list"),
            ("timm.optim.optim_factory.add_weight_decay", "skip_list"),
        )
    ),
    *(
        Helper(
            path,
            _MODEL,
            Argument("weight_decay", 1, 0.05),
            "p.ndim <= 1 or n in no_weight_decay_list",
            _ONLY_WEIGHTS,
            patterns=Argument("no_weight_decay_list", 2),
            divides_unless="weight_decay_exclude_1d",
        )
        for path in (
            "timm.optim.param_groups_layer_decay",
            "timm.optim.optim_factory.param_groups_layer_decay",
            "timm.optim._param_groups.param_groups_layer_decay",
        )
    ),
    *(
        Helper(
            path,
            Argument("model_or_params", 0),
            Argument("weight_decay", 3, 0.0),
            _TIMM,
            _ONLY_WEIGHTS,
            makes_optimizer=True,
            optimizer=Argument("opt", 1),
            divides_unless="filter_bias_and_bn",
            honours_declared=True,
        )
        for path in ("timm.optim.create_optimizer_v2", "timm.optim.optim_factory.create_optimizer_v2")
    ),
    *(
        Helper(
            path,
            Argument("model", 1),
            None,
            _TIMM,
            _ONLY_WEIGHTS,
            makes_optimizer=True,
            divides_unless="filter_bias_and_bn",
            honours_declared=True,
        )
        for path in ("timm.optim.create_optimizer", "timm.optim.optim_factory.create_optimizer")
    ),
    Helper(
        "transformers.Trainer.get_decay_parameter_names",
        _MODEL,
        None,
        "isinstance(m, nn.LayerNorm) or"
        " re.search(r'bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)', n.lower())",
        _NO_BIASES,
        returns_names=True,
    ),
    *(
        Helper(
            path,
            _MODEL,
            None,
            "isinstance(m, forbidden_layer_types)",
            _NO_NORMS,
            patterns=Argument("forbidden_layer_types", 1),
            returns_names=True,
        )
        for path in (
            "transformers.trainer_pt_utils.get_parameter_names",
            "transformers.trainer.get_parameter_names",
        )
    ),
    *(
        Helper(
            path,
            Argument("model_or_parameter", 0),
            Argument("weight_decay", 1),
            "any(nd in n for nd in wd_ban_list)",
            _NO_BIASES,
            patterns=Argument("wd_ban_list", 2),
        )
        for path in (
            "pytorch_optimizer.get_optimizer_parameters",
            "pytorch_optimizer.optimizer.get_optimizer_parameters",
        )
    ),
    *(
        Helper(
            path,
            _MODEL,
            Argument("weight_decay", 2),
            "weight_decay_norm == 0 and isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d,"
            " nn.SyncBatchNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,"
            " nn.LayerNorm, nn.LocalResponseNorm)) or weight_decay_bias == 0 and n.split('.')[-1] == 'bias'",
            Division(weights=Ternary.YES),
        )
        for path in (
            "detectron2.solver.get_default_optimizer_params",
            "detectron2.solver.build.get_default_optimizer_params",
        )
    ),
)

# Lists of layer classes that libraries export and scripts divide parameters by.
CLASS_LISTS = {
    # Releases before 5 append their models' norms as these are imported.
    "transformers.pytorch_utils.ALL_LAYERNORM_LAYERS": (
        "torch.nn.LayerNorm",
        "transformers.models.t5.modeling_t5.T5LayerNorm",
        "transformers.models.llama.modeling_llama.LlamaRMSNorm",
    ),
    "transformers.trainer_pt_utils.ALL_LAYERNORM_LAYERS": ("torch.nn.LayerNorm",),
    "transformers.trainer.ALL_LAYERNORM_LAYERS": ("torch.nn.LayerNorm",),
}

_BY_PATH = {wrapper.path: wrapper for wrapper in _WRAPPERS}
_HELPER_BY_PATH = {helper.path: helper for helper in _HELPERS}


def wrapper(path: str) -> Wrapper | None:
    """The wrapper at an import path; a method under its class, e.g. `accelerate.Accelerator.prepare`."""
    return _BY_PATH.get(path)


def helper(path: str) -> Helper | None:
    """The function at an import path that divides parameters, e.g. `timm.optim.create_optimizer_v2`."""
    return _added.get(path) or _HELPER_BY_PATH.get(path)


_added: dict[str, Helper] = {}


def add_group_factories(paths: Iterable[str]) -> None:
    """Set the functions that by a user's word divide parameters properly, in place of those that were added before."""
    _added.clear()
    decay = Argument("weight_decay", 1)
    _added.update((path, Helper(path, _MODEL, decay, "p.ndim <= 1", _ONLY_WEIGHTS)) for path in paths)
