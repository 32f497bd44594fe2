"""Which files can matter: a look at the bytes that costs microseconds and imports nothing.

A file passes if it can hold the construction of an optimizer, a penalty over parameters or an edit of
their gradients. Plain `in` tests: a regular expression over every byte was measured ten times dearer.
The few files that pass are looked at again without their comments and docstrings, since parsing one
costs a hundred times that.
"""

from __future__ import annotations

_BUILDERS = (b"torch.optim", b"import optim", b"Optimizer)", b"_optimizer(")
_ASSIGNMENT = (
    b"optimizer = ", b"optimizer=", b"optim = ", b"opt = ", b"optim(", b"optimizers = ", b"optimizer, ", b"optim, ",
    b"opt, ", b"optimizer: ", b"optimizers: ", b"opt: "
)  # fmt: skip
# What no Python 3 reads, as far as a look at bytes can tell; the parser has the last word.
_BROKEN = (b'print "', b"print '", b"async=", b"async =", b"\n<<<<<<< ", b'exec "')
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins: no Python, and no mark can be seen in it
# Libraries that make an optimizer without a word of it in the script, and what a script that trains with them holds.
_LIBRARIES = (
    (b"fastai", (b"Learner(", b"Learner)")),
    (b"flair", (b".fine_tune(", b"weight_decay")),
    (b"pytorch_forecasting", (b"weight_decay", b"NBeats", b"NHiTS")),
    (b"ultralytics", (b"optimizer=", b'optimizer"', b"optimizer'")),
    (b"gluonts", (b"weight_decay",)),
    (b"tianshou", (b"weight_decay",)),
)
_SQUARES = (
    b"norm(", b".pow(", b"square(", b"** 2", b"**2", b"einsum(", b"inner(", b"dot(", b" @ ", b"matmul(", b"mm(",
    b"_foreach_"
)  # fmt: skip
# A factor times itself, which no plain word tells: looked for where all else says that something is trained.
_TIMES_ITSELF = rb"\b(\w[\w.]*(?:\[\w+\])?) ?[*@] ?\1(?![\w.])"
_GRADIENTS = (b".grad.add", b".grad +", b".grad.data", b".grad = ", b"register_hook(", b"_grad_hook(")
# Every word for a penalty holds one of the shorter pieces, which are looked for first.
_PENALTY_PIECES = (b"regulari", b"l2_", b"_penalty", b"reg_", b"ridge")
_PENALTY_WORDS = (
    b"regulariz", b"regularis", b"ridge", b"l2_reg", b"l2_loss", b"l2_norm", b"l2_penalty", b"weight_penalty",
    b"reg_loss", b"reg_weight"
)  # fmt: skip
# What holds a mark and neither constructs nor penalises: annotations, schedules, definitions (their bodies
# have marks of their own), tensors filled anew, parameters counted or asked for their device.
_HARMLESS = (
    rb"torch\.optim\.(?:Optimizer\b(?!\))|lr_scheduler\b)", rb"import optim\w+", rb"def \w+_(?:optimizer|parameters)\(",
    rb"\b(?:re)?(?:set|init|initiali[sz]e|count|num|load|save)_(?:\w+_)?parameters\(", rb"next\([\w.]+\.parameters\(",
    rb"\.numel\(\) for \w+ in [\w.]+\.parameters\(",
)  # fmt: skip
# Comments and long strings, with the short strings (kept) in which a # or a quote means nothing.
_WORDLESS = (
    rb"#[^\n]*", rb'"""(?:[^\\]|\\.)*?"""', rb"'''(?:[^\\]|\\.)*?'''",
    rb'("(?:[^"\\\n]|\\.)*")', rb"('(?:[^'\\\n]|\\.)*')"
)  # fmt: skip
# What a module has that makes an optimizer: mentions of torch's, bases, and calls with a telling name.
_MAKERS = (
    rb"torch\.optim|import optim\b|[(,]\s*(?:\w+\.)*\w*Optimizer\w*\s*[,)]|"
    rb"\boptim(?:izers?|s)?\.(?!step|zero_grad|(?:load_)?state_dict)\w+\(|(?<!\w)(?!is_|has_|on_)"
    rb"(?i:\w*(?:optim(?!um|al|iz(?:e|ation)\b)|adam|sgd|rmsprop|adagrad|lamb(?!da)|lars|lion\b|muon)\w*\()"
)
_LARGE = 50_000  # bytes of a notebook from which on pictures are left out first
_IMPORT = rb"(?m)^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*(?:\\\n[^\n#]*)*)"


def may_matter(data: bytes) -> bool:
    """Whether a source file's bytes can hold anything that a rule judges."""
    return has_marks(data) and has_marked_code(data)


def has_marked_code(data: bytes) -> bool:
    """Whether a mark stands in code: the second look, a hundred times dearer than the first."""
    whole = data.lstrip()[:1] == b"{" or data.startswith(_WIDE)
    return whole or has_marks(_bare(data))


def _bare(data: bytes) -> bytes:
    """Code without comments, long strings and names that only look like marks."""
    import re

    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # where lines end in lone carriage returns, a comment would hide the rest
    code = re.sub(b"|".join(_WORDLESS), rb"\1\2", data, flags=re.DOTALL)
    return re.sub(b"|".join(_HARMLESS), b"", code)


def has_marks(data: bytes) -> bool:
    """Whether a file's bytes hold a mark anywhere: the first look."""
    if data.startswith(_WIDE):
        return True
    if len(data) > _LARGE and data.lstrip()[:1] == b"{":
        data = _without_pictures(data)
    # The order is that of the price for a file that holds nothing: each test is a look at every byte.
    optimizes = b"ptim" in data or b"opt" in data
    if optimizes and any(mark in data for mark in _BUILDERS):
        return True
    if (b"Adam" in data and (b"Adam(" in data or b"AdamW(" in data)) or b"SGD(" in data:
        return True
    parameters = b"parameters(" in data
    if parameters and b"weight_decay" in data:
        return True
    if (
        optimizes
        and any(mark in data for mark in _ASSIGNMENT)
        and (parameters or b"torch" in data or _takes_steps(data))
    ):
        return True
    if optimizes and (b"optimizer=dict(" in data or b"optimizer = dict(" in data or b"optim_wrapper" in data):
        return True  # a configuration that is Python
    if b"Trainer(" in data and (b"weight_decay" in data or b"TrainingArguments" in data):
        return True  # a training loop that makes its optimizer
    if b".initialize(" in data and b"deepspeed" in data:
        return True
    if b"weight_decay" in data and (b"TrainingArguments(" in data or b"optim=" in data or b"optimizer_" in data):
        return True  # settings of such a loop by themselves
    if b".fit(" in data and b"sentence_transformers" in data:
        return True  # a model that trains itself
    if any(library in data and any(mark in data for mark in marks) for library, marks in _LIBRARIES):
        return True
    trained = b".backward(" in data or b"training_step(" in data
    if (trained and _takes_steps(data)) or any(mark in data for mark in _BROKEN):
        return True
    if not parameters:
        # weights of textbook code, or `layer.weight` one by one
        named = b".weight" in data and (trained or _names_a_penalty(data))
        return (named or (trained and b"requires_grad" in data)) and _squares(data)
    if any(mark in data for mark in _GRADIENTS):
        return True
    return (trained or _names_a_penalty(data)) and _squares(data)


def _squares(data: bytes) -> bool:
    """Whether something is squared or normed, be it as a product with itself or as an error against zeros."""
    if any(mark in data for mark in _SQUARES):
        return True
    if (b"zeros" in data or b"tensor(0" in data) and (b"mse_loss(" in data or b"MSELoss(" in data):
        return True
    import re

    return re.search(_TIMES_ITSELF, data) is not None


def _without_pictures(data: bytes) -> bytes:
    """A notebook without the pictures among its outputs, which are most of its bytes and hold no code."""
    kept, start = [], 0
    found = data.find(b'"image/')
    while found >= 0:
        key = data.find(b'"', found + 1)
        end = data.find(b'"', key + 4) if data[key : key + 4] == b'": "' else -1
        if end >= 0 and data[found - 1] != ord("\\"):  # a key, and no words in a program
            kept.append(data[start:found])
            start = end
        found = data.find(b'"image/', max(end, found + 1))
    return b"".join((*kept, data[start:]))


def _takes_steps(data: bytes) -> bool:
    return b".step(" in data or b"zero_grad" in data or (b"loss" in data and b"training_step(" in data)


def _names_a_penalty(data: bytes) -> bool:
    return any(piece in data for piece in _PENALTY_PIECES) and any(word in data for word in _PENALTY_WORDS)


def may_construct(data: bytes) -> bool:
    """Whether a module's bytes can hold a function or class that makes an optimizer."""
    if not any(word in data for word in (b"ptim", b"dam", b"SGD", b"sgd")):
        return False
    import re

    return re.search(_MAKERS, _bare(data)) is not None


Imported = tuple[bytes, bytes, bytes]  # leading dots, module, names


def imported(data: bytes) -> list[Imported]:
    """What a module's bytes import from other modules."""
    import re

    return re.findall(_IMPORT, data)


def brought(imports: list[Imported], name: str) -> list[tuple[str, int]]:
    """The modules, with the number of leading dots, that a name is imported from, also by a star."""
    import re

    found: list[tuple[str, int]] = []
    wanted = re.compile(rb"(?<!\w)(?:\*|%s)(?!\w)" % re.escape(name.encode()))
    for dots, module, names in imports:
        if wanted.search(names):
            found.append((module.decode("ascii", "replace"), len(dots)))
    return found
