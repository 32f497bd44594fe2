"""The vocabulary: what an engine observes and a rule judges.

Plain, frozen values that hold places, never syntax nodes or tensors: they cross processes and lie in a cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

__all__ = [
    "Amount",
    "Applicability",
    "Confidence",
    "Coupling",
    "Division",
    "Edit",
    "Evidence",
    "FileFacts",
    "Finding",
    "Fix",
    "Group",
    "IdleDecay",
    "Inventory",
    "Kind",
    "Loop",
    "Note",
    "OptimizerClass",
    "OptimizerDefinition",
    "OptimizerUse",
    "Origin",
    "Parameter",
    "Pattern",
    "Penalty",
    "Place",
    "Severity",
    "Sink",
    "Suppression",
    "Ternary",
    "Trouble",
    "UnreadOption",
    "Witness",
]


class Ternary(Enum):
    """Kleene's three truth values. An unknown never becomes a guess."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    def __and__(self, other: Ternary) -> Ternary:
        return self if self.value <= other.value else other

    def __or__(self, other: Ternary) -> Ternary:
        return self if self.value >= other.value else other

    def __invert__(self) -> Ternary:
        return Ternary(2 - self.value)

    @staticmethod
    def of(answer: bool | None) -> Ternary:
        """True, False or None (can't tell) as a Ternary."""
        return Ternary.UNKNOWN if answer is None else Ternary.YES if answer else Ternary.NO


class Kind(Enum):
    """What a parameter does in the network, which decides whether decay belongs on it."""

    WEIGHT = "weight"  # operand of a contraction: linear, convolution, matmul
    GAIN = "gain"  # multiplies activations channel by channel, or as one scalar
    BIAS = "bias"  # an added constant
    EMBEDDING = "embedding"  # a look-up table
    OTHER = "other"  # tokens, temperatures, state-space A and D, relative-position tables
    UNKNOWN = "unknown"


class Witness(Enum):
    """What a kind rests on, from the strongest to the weakest."""

    LAYER = "layer"  # a table of known layers
    LIBRARY = "library"  # a measured inventory of a library's model
    TRACE = "trace"  # an observed forward pass
    FORWARD = "forward"  # how the source of `forward` uses it
    VALUE = "value"  # its initial value and shape
    NAME = "name"  # its name alone


class Origin(Enum):
    """Where a decay strength comes from."""

    WRITTEN = "written"  # a number in the code that reaches the call
    OPTIMIZER_DEFAULT = "optimizer default"  # not written: the optimizer's own default
    ARGUMENT_DEFAULT = "argument default"  # default of a command-line option or function argument
    FIELD_DEFAULT = "field default"  # default of a configuration field, or a value in a config file
    COMPUTED = "computed"  # an expression whose inputs are not all visible
    UNKNOWN = "unknown"  # passed on purpose, value not visible
    APART = "apart"  # the same, given to gains or biases by a setting that is not the weights'
    LIVE = "live"  # read from an optimizer in memory


class Coupling(Enum):
    """How an optimizer applies its decay."""

    DECOUPLED = "decoupled"  # acts on the weight itself
    COUPLED_ADAPTIVE = "coupled (adaptive)"  # enters a gradient that is then rescaled
    COUPLED_PLAIN = "coupled (plain)"  # enters SGD's gradient or momentum, which rescales nothing
    NONE = "none"  # the optimizer has no decay
    UNKNOWN = "unknown"


class Confidence(Enum):
    """Whether a fault is shown by what was read, or rests on a stated assumption."""

    PROVEN = "proven"
    ASSUMED = "assumed"


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"  # said, and never what fails a run
    OFF = "off"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of a file: rows and columns from 1, the end column exclusive; a notebook's cell from 1."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a parameter has its kind: a witness and the words that name the line or table entry."""

    witness: Witness
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One trainable tensor of a model, or a family of them when its name holds `*` for an index."""

    name: str
    kind: Kind
    evidence: Evidence
    ndim: int | None = None
    shape: tuple[int | None, ...] | None = None
    owner: str = ""  # qualified class of the module that holds it
    attribute: str = ""  # the leaf name on its owner
    present: Ternary = Ternary.YES  # UNKNOWN: exists only under a condition that can't be told
    trainable: Ternary = Ternary.YES
    place: Place | None = None
    ancestors: tuple[str, ...] = ()  # dotted classes of the modules around its owner, outermost first


@dataclass(frozen=True, slots=True)
class Inventory:
    """The parameters of one model. `complete` says that nothing is missing from them."""

    model: str
    parameters: tuple[Parameter, ...]
    complete: bool
    assumed: bool = False  # the model is one of several that it might be, or a library default
    place: Place | None = None
    sharded: bool = False  # a wrapper such as FSDP left every parameter with one dimension

    def holds(self, kind: Kind) -> bool:
        """Whether a parameter of this kind certainly exists."""
        return any(p.kind is kind and p.present is Ternary.YES for p in self.parameters)


@dataclass(frozen=True, slots=True)
class Amount:
    """A decay strength (dimensionless factor λ) and where it comes from."""

    value: float | None
    origin: Origin
    text: str = ""  # as written, e.g. `args.weight_decay`
    place: Place | None = None  # where the number stands
    varies: bool = False  # one of several answers

    @property
    def decays(self) -> bool:
        """Whether parameters shrink as far as the source tells: unknown but passed on purpose counts."""
        return self.value != 0 and self.origin is not Origin.APART

    @property
    def latent(self) -> bool:
        """A visible default of 0 that a command line or configuration can raise."""
        return self.value == 0 and self.origin in (Origin.ARGUMENT_DEFAULT, Origin.FIELD_DEFAULT, Origin.COMPUTED)


@dataclass(frozen=True, slots=True)
class Division:
    """What a group takes of a model that can't be seen: of ordinary parameters (one dimension; a weight: two)."""

    weights: Ternary = Ternary.UNKNOWN
    gains: Ternary = Ternary.UNKNOWN
    biases: Ternary = Ternary.UNKNOWN


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that share one decay strength, as the optimizer is given them."""

    label: str  # the selection in words or as written, e.g. `model.parameters()`
    amount: Amount
    place: Place
    members: tuple[Ternary, ...] = ()  # one answer a parameter of the use's inventory
    division: Division = Division()  # the same for a model that can't be seen
    options: tuple[str, ...] = ()  # keys written in the group
    learning_rate: Amount | None = None
    amount_written: bool = True  # in the call or the group, as opposed to the optimizer's default
    patterns: tuple[Pattern, ...] = ()
    option_places: tuple[Place, ...] = ()  # where the keys of `options` stand, one each, if known
    selection: str = ""  # the condition on its parameters in words, as the engine read it


@dataclass(frozen=True, slots=True)
class Pattern:
    """One name pattern of a hand-made split, such as `"LayerNorm.weight"` in a no-decay list."""

    text: str
    exempts: bool  # a match keeps the parameter from decay
    matches: tuple[Ternary, ...] = ()  # one answer a parameter of the use's inventory
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class OptimizerClass:
    """What is known of one optimizer class."""

    name: str  # import path, or module and class in the project
    coupling: Coupling
    decay_key: str | None = "weight_decay"  # the argument and group key that it reads, if any
    default_decay: float | None = None
    reads: tuple[str, ...] = ()  # the group keys it reads; empty: not known
    source: str = ""  # table entry or line that says so
    exempts: Division | None = None  # what its own step leaves undecayed, if it does
    decoupled: str = ""  # what decouples a coupled one: an argument as it is written, or the name of a twin


@dataclass(frozen=True, slots=True)
class Loop:
    """A training loop of a library, which makes its optimizer itself."""

    name: str  # import path
    advice: str  # how it is told what shall not decay
    source: str  # where it is known from how it divides parameters
    divides: bool = True  # False: it makes one group of all parameters, or what its configuration says


@dataclass(frozen=True, slots=True)
class OptimizerUse:
    """One construction of an optimizer over parameters."""

    classes: tuple[OptimizerClass, ...]  # several answers are normal
    groups: tuple[Group, ...]
    place: Place
    callee: str = ""  # as written
    inventory: Inventory | None = None
    model: str = ""  # the model's expression as written, e.g. `self.model`
    divided: bool = False  # a split by kind: one that is made by hand states an intent
    by_fix: bool = False  # one that only a fix has made: it states no intent
    complete: bool = True  # every group was read
    declared: tuple[str, ...] = ()  # exemptions the model declares (`no_weight_decay()`), as patterns
    declared_place: Place | None = None
    honours_declared: Ternary = Ternary.UNKNOWN
    unused_split: Place | None = None  # a split computed for this model that the optimizer does not get
    unused_groups: tuple[Group, ...] = ()
    empty: tuple[str, ...] = ()  # groups that are empty because an iterator was consumed before
    variants: int = 1  # this use is one of so many answers to what the model is, all at one place
    ways: int = 1  # this use is read along one of so many ways through the branches before it
    elsewhere: tuple[Ternary, ...] = ()  # one answer a parameter of the inventory: held by another optimizer
    parameters_place: Place | None = None  # the argument that gives the parameters, where the call itself has it
    made_place: Place | None = None  # the construction itself, where a function of another file makes it
    loop: Loop | None = None  # the library's training loop that makes it, groups and all
    reached: bool = True  # False: constants of every caller keep it from being made; still part of the program
    reached_from: tuple[Place, ...] = ()  # calls in other files that lead to the construction, with what this use says
    highest_rate: float | None = None  # the highest learning rate of a schedule, in place of that of each group
    steps: int | None = None  # of the whole run

    @property
    def couplings(self) -> frozenset[Coupling]:
        return frozenset(c.coupling for c in self.classes)

    def decayed(self) -> Iterator[Group]:
        """The groups whose parameters shrink."""
        return (g for g in self.groups if g.amount.decays)


class Sink(Enum):
    """Where a penalty flows."""

    LOSS = "loss"
    GRADIENT = "gradient"


@dataclass(frozen=True, slots=True)
class Penalty:
    """An L2 term over parameters that enters the loss or a gradient."""

    label: str  # as written, e.g. `p.pow(2).sum()`
    sink: Sink
    place: Place
    coefficient: Amount
    power: int = 2  # 2: squared norm; 1: the norm itself
    kinds: frozenset[Kind] = frozenset()  # kinds certainly reached; empty: not known
    parameters: tuple[str, ...] = ()  # examples
    sink_place: Place | None = None
    joins_place: Place | None = None  # the sum by which it enters the loss, where that can be told
    averaged: bool = False  # a mean over entries: the coefficient acts divided by their number
    inventory: Inventory | None = None
    members: tuple[Ternary, ...] = ()
    confidence: Confidence = Confidence.PROVEN
    decayed_by: Place | None = None  # an optimizer in the same program that decays the same parameters
    decayed_by_amount: Amount | None = None
    held_by: tuple[Place, ...] = ()  # the optimizers in the same program that hold these parameters and no others


@dataclass(frozen=True, slots=True)
class OptimizerDefinition:
    """An `Optimizer` subclass written in the linted file, and how its `step` decays."""

    name: str
    coupling: Coupling
    place: Place  # the class header
    step_place: Place | None = None  # the line that applies the decay
    default: Amount | None = None
    switch: str | None = None  # an option that selects decoupled decay, if there is one
    carried: bool = True  # momentum or rescaling follows; False: plain descent, where coupled is decoupled


@dataclass(frozen=True, slots=True)
class UnreadOption:
    """An option for a decay that a script declares and nothing reads."""

    name: str  # under which it would be read
    place: Place  # the declaration
    instead: str = ""  # a name like this one that is read


@dataclass(frozen=True, slots=True)
class IdleDecay:
    """A decay that is written and never acts, since something else decides."""

    amount: Amount
    place: Place  # where it is written
    reason: str  # what decides instead, as a clause
    advice: str
    source: str = ""  # a measurement, or the source that was read
    decided_at: Place | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file that can't be read, and why, in words for its author."""

    message: str
    place: Place
    read: bool = False  # as far as it goes: as Python of former days


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment that suppresses findings, and what it suppressed."""

    codes: tuple[str, ...]  # as written, codes or names; empty: it suppresses everything
    used: tuple[str, ...]  # those of `codes` that suppressed a finding; for an empty `codes`, any code that did
    place: Place  # the comment


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All that an engine observed in one file (or one live program)."""

    file: str
    uses: tuple[OptimizerUse, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    definitions: tuple[OptimizerDefinition, ...] = ()
    options: tuple[UnreadOption, ...] = ()
    idle: tuple[IdleDecay, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    unread: tuple[Place, ...] = ()  # constructions of optimizers that could not be read


@dataclass(frozen=True, slots=True)
class Note:
    """A further remark on a finding, with the line it points to where there is one."""

    text: str
    place: Place | None = None


class Applicability(Enum):
    """How far a fix may be applied: see the rules' "Fix safety"."""

    SAFE = "safe"  # corrects which parameters decay and nothing else
    UNSAFE = "unsafe"  # changes the update rule too
    SHOWN = "shown"  # says what to write; never applied


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text at `place` (of the file's own bytes) by `text`."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    title: str
    applicability: Applicability
    edits: tuple[Edit, ...] = ()
    hazard: str = ""  # why it was lowered, if it was
    otherwise: tuple[Fix, ...] = ()  # what else would do, if this one does not prove itself


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place."""

    code: str
    place: Place
    message: str  # what is wrong, in one sentence
    help: str = ""  # what to write instead
    notes: tuple[Note, ...] = ()
    parameters: tuple[str, ...] = ()  # the parameters concerned, by name
    confidence: Confidence = Confidence.PROVEN
    latent: bool = False
    fix: Fix | None = None
    unfixed: str = field(default="", compare=False)  # why the fix that was planned is not offered
    severity: Severity = Severity.WARNING
    subject: str = field(default="", compare=False)  # a stable name of the site, for baselines
    rule: str = field(default="", compare=False)  # the rule's name, set where rules are applied
    shrink_per_step: float | None = None  # the share of the parameters that a step takes, where it can be told
    made_place: Place | None = None  # where the optimizer is made, if a function of another file makes it
