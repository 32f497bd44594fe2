"""Scripts of our own, one of each kind of training loop, which `trainers.py` reads and runs.

Each ends with an optimizer in the variable `made`, and the model that it trains in another.
"""

from __future__ import annotations

from dataclasses import dataclass

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 2)
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        x = self.bn(self.stem(x)).mean((2, 3)) * self.scale
        return self.head(self.norm(x))
"""
START = "import torch\nfrom net import Net\n\n"


# A tokenizer of two words with a text, and a series.
TOKENS = """\
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

words = Tokenizer(WordLevel({"a": 0, "b": 1, "<eos>": 2, "<unk>": 3}, unk_token="<unk>"))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<eos>", unk_token="<unk>")
data = Dataset.from_dict({"text": ["a"]})
"""
SERIES = """\
import numpy
import pandas
from pytorch_forecasting import TemporalFusionTransformer, TimeSeriesDataSet

frame = pandas.DataFrame({"t": numpy.arange(20), "y": numpy.random.rand(20), "g": "a"})
of = dict(time_idx="t", target="y", group_ids=["g"], max_encoder_length=4, max_prediction_length=2)
data = TimeSeriesDataSet(frame, min_encoder_length=4, time_varying_unknown_reals=["y"], **of)
"""


@dataclass(frozen=True)
class Case:
    """A script of one library; `model` is the variable that holds the trained module, `line` the call to be read."""

    name: str
    library: str
    script: str
    line: str  # the beginning of the line where the static reading stands
    files: tuple[tuple[str, str], ...] = ()
    model: str = "net"


def hf(name: str, arguments: str, more: str = "", library: str = "transformers") -> Case:
    script = (
        "import transformers\nfrom transformers import Trainer, TrainingArguments\nfrom net import Net\n\nnet = Net()\n"
        f"args = TrainingArguments('out', use_cpu=True, report_to=[], {arguments})\n"
        f"trainer = Trainer(net, args{more})\nmade = trainer.create_optimizer()\n"
    )
    return Case(name, library, script, "trainer =")


def mmengine(name: str, rest: str = "", optimizer: str = "dict(type='AdamW', lr=1e-3, weight_decay=0.1)") -> Case:
    script = (
        f"{START}from mmengine.config import Config\nfrom mmengine.optim import build_optim_wrapper\n\nnet = Net()\n"
        "config = Config.fromfile('c.py')\nmade = build_optim_wrapper(net, config.optim_wrapper).optimizer\n"
    )
    configuration = f"optim_wrapper = dict(\n    optimizer={optimizer},\n    {rest})\n"
    return Case(f"mmengine, {name}", "mmengine", script, "c.py", (("c.py", configuration),))


def cli(name: str, options: str) -> Case:
    script = (
        f"{START}import lightning\nfrom lightning.pytorch.cli import LightningCLI\n\n\n"
        "class Lit(lightning.LightningModule):\n    def __init__(self):\n        super().__init__()\n"
        "        self.net = Net()\n\n\n"
        "cli = LightningCLI(Lit, run=False, save_config_callback=None, args=['--config', 'c.yaml'])\n"
        "net = cli.model\nmade = net.configure_optimizers()\nmade = getattr(made, 'optimizer', made)\n"
    )
    start = "trainer: {max_epochs: 1}\nmodel: {}\noptimizer:\n  class_path: torch.optim.AdamW\n"
    return Case(name, "lightning", script, "c.yaml", (("c.yaml", start + options),))


def fastai(given: str) -> str:
    return (
        "from functools import partial\n\nimport torch\nfrom fastai.data.core import DataLoaders\n"
        "from fastai.learner import Learner\nfrom fastai.optimizer import OptimWrapper\nfrom torch import nn\n"
        f"from net import Net\n\nnet = Net()\nlearn = Learner(DataLoaders(), {given})\nlearn.create_opt()\n"
        "made = learn.opt\nif learn.wd is not None:  # as `fit` does\n    made.set_hypers(wd=learn.wd)\n"
    )


CASES = (
    hf("transformers, AdamW", "weight_decay=0.1"),
    hf("transformers, no decay", "learning_rate=1e-4"),
    hf("transformers, SGD", "weight_decay=0.1, optim='sgd'"),
    hf("transformers, Adafactor", "weight_decay=0.1, optim='adafactor'"),
    hf("transformers, RMSprop", "weight_decay=0.1, optim='rmsprop'"),
    Case(
        "transformers, DistilBERT", "transformers",
        "from transformers import DistilBertConfig, DistilBertModel, Trainer, TrainingArguments\n\n"
        "net = DistilBertModel(DistilBertConfig(n_layers=1, dim=8, hidden_dim=8, n_heads=2, vocab_size=16))\n"
        "args = TrainingArguments('out', use_cpu=True, report_to=[], weight_decay=0.1)\n"
        "trainer = Trainer(net, args)\nmade = trainer.create_optimizer()\n", "trainer =",
    ),
    Case("timm, a model", "timm", START + "from timm.optim import create_optimizer_v2\n\nnet = Net()\n"
         "made = create_optimizer_v2(net, opt='adamw', weight_decay=0.1)\n", "made ="),
    Case("timm, parameters", "timm", START + "from timm.optim import create_optimizer_v2\n\nnet = Net()\n"
         "made = create_optimizer_v2(net.parameters(), opt='adamw', weight_decay=0.1)\n", "made ="),
    Case("timm, no decay", "timm", START + "from timm.optim import create_optimizer_v2\n\nnet = Net()\n"
         "made = create_optimizer_v2(net, opt='lamb')\n", "made ="),
    Case("Lightning", "lightning", START + "import lightning\n\n\nclass Lit(lightning.LightningModule):\n"
         "    def __init__(self):\n        super().__init__()\n        self.net = Net()\n\n"
         "    def configure_optimizers(self):\n"
         "        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=0.1)\n\n\n"
         "net = Lit()\nmade = net.configure_optimizers()\n", "        return"),
    Case("skorch", "skorch", START + "from skorch import NeuralNetClassifier\n\n"
         "skorch = NeuralNetClassifier(Net, optimizer=torch.optim.AdamW, optimizer__weight_decay=0.1)\n"
         "skorch.initialize()\nnet, made = skorch.module_, skorch.optimizer_\n", "skorch ="),
    Case("stable-baselines3", "stable_baselines3", "from stable_baselines3 import PPO\n\n"
         "agent = PPO('MlpPolicy', 'CartPole-v1', policy_kwargs=dict(optimizer_kwargs=dict(weight_decay=0.1)))\n"
         "net, made = agent.policy, agent.policy.optimizer\n", "agent ="),
    mmengine("one group"),
    mmengine("flat_decay_mult", "paramwise_cfg=dict(flat_decay_mult=0.)"),
    mmengine("norm_decay_mult", "paramwise_cfg=dict(norm_decay_mult=0.)"),
    mmengine("norm and bias", "paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.)"),
    mmengine("custom keys", "paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.)})"),
    mmengine("no key", optimizer="dict(type='AdamW', lr=1e-3)"),
    cli("LightningCLI", "  init_args: {lr: 0.001, weight_decay: 0.1}\n"),
    cli("LightningCLI, no key", "  init_args: {lr: 0.001}\n"),
    Case("peft", "peft", "from peft import LoraConfig, get_peft_model\n"
         "from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments\n\n"
         "base = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=16, n_head=2, vocab_size=16))\n"
         "net = get_peft_model(base, LoraConfig(r=2, bias='all'))\n"
         "args = TrainingArguments('out', use_cpu=True, report_to=[], weight_decay=0.1)\n"
         "trainer = Trainer(net, args)\nmade = trainer.create_optimizer()\n", "trainer ="),
    Case("trl", "trl", TOKENS + "from transformers import GPT2Config, GPT2LMHeadModel\n"
         "from trl import SFTConfig, SFTTrainer\n\n"
         "net = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=16, n_head=2, vocab_size=4))\n"
         "args = SFTConfig('out', use_cpu=True, bf16=False, report_to=[], weight_decay=0.1)\n"
         "trainer = SFTTrainer(net, args, train_dataset=data, processing_class=tokenizer)\n"
         "made = trainer.create_optimizer()\n", "trainer ="),
    Case("accelerate", "accelerate", START + "from accelerate import Accelerator\n\nnet = Net()\n"
         "made = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
         "net, made = Accelerator(cpu=True).prepare(net, made)\n", "made ="),
    Case("hydra", "hydra", "import hydra\nfrom omegaconf import OmegaConf\nfrom net import Net\n\nnet = Net()\n"
         "cfg = OmegaConf.load('c.yaml')\nmade = hydra.utils.instantiate(cfg.optimizer, params=net.parameters())\n",
         "made =", (("c.yaml", "optimizer:\n  _target_: torch.optim.AdamW\n  lr: 0.001\n  weight_decay: 0.1\n"),)),
    Case("fastai", "fastai", fastai("net, loss_func=nn.MSELoss(), wd=0.1"), "learn ="),
    Case("fastai, by default", "fastai", fastai("net, loss_func=nn.MSELoss()"), "learn ="),
    Case("fastai, wd_bn_bias", "fastai", fastai("net, loss_func=nn.MSELoss(), wd=0.1, wd_bn_bias=True"), "learn ="),
    Case("fastai, wrapped", "fastai",
         fastai("net, loss_func=nn.MSELoss(), opt_func=partial(OptimWrapper, opt=torch.optim.AdamW), wd=0.1"),
         "learn ="),
    Case("pytorch-tabnet", "pytorch_tabnet", "import numpy\nfrom pytorch_tabnet.tab_model import TabNetClassifier\n\n"
         "tab = TabNetClassifier(optimizer_params=dict(lr=1e-3, weight_decay=0.1), verbose=0)\n"
         "tab.fit(numpy.random.rand(64, 4), numpy.arange(64) % 2, max_epochs=1, batch_size=32, virtual_batch_size=16)\n"
         "net, made = tab.network, tab._optimizer\n", "tab ="),
    Case("darts", "darts", "import numpy\nfrom darts import TimeSeries\nfrom darts.models import NBEATSModel\n\n"
         "quiet = dict(accelerator='cpu', logger=False, enable_checkpointing=False, enable_progress_bar=False)\n"
         "beats = NBEATSModel(4, 2, layer_widths=8, optimizer_kwargs={'weight_decay': 0.1}, pl_trainer_kwargs=quiet)\n"
         "beats.fit(TimeSeries.from_values(numpy.random.rand(32).astype('float32')), epochs=1)\n"
         "net = beats.model\nmade = net.configure_optimizers()\n", "beats ="),
    Case("neuralforecast", "neuralforecast", "import torch\nfrom neuralforecast.models import NHITS\n\n"
         "net = NHITS(h=2, input_size=4, optimizer=torch.optim.AdamW, optimizer_kwargs={'weight_decay': 0.1})\n"
         "made = net.configure_optimizers()['optimizer']\n", "net ="),
    Case("pytorch-forecasting", "pytorch_forecasting", SERIES +
         "net = TemporalFusionTransformer.from_dataset(data, learning_rate=1e-3, weight_decay=0.1)\n"
         "made = net.configure_optimizers()['optimizer']\n", "net ="),
    Case("pytorch-forecasting, NBeats", "pytorch_forecasting", SERIES.replace("TemporalFusionTransformer", "NBeats") +
         "net = NBeats.from_dataset(data)\nmade = net.configure_optimizers()['optimizer']\n", "net ="),
    Case("gluonts", "gluonts", "from gluonts.torch import SimpleFeedForwardEstimator\n\n"
         "estimator = SimpleFeedForwardEstimator(prediction_length=2, context_length=4, weight_decay=0.1)\n"
         "net = estimator.create_lightning_module()\nmade = net.configure_optimizers()\n", "estimator ="),
    Case("GraphGym", "torch_geometric",
         "from net import Net\nfrom torch_geometric.graphgym.config import cfg, set_cfg\n"
         "from torch_geometric.graphgym.optim import create_optimizer\n\nset_cfg(cfg)\ncfg.merge_from_file('c.yaml')\n"
         "net = Net()\nmade = create_optimizer(net.parameters(), cfg.optim)\n", "c.yaml",
         (("c.yaml", "dataset: {name: Cora}\ngnn: {layers_mp: 2}\noptim: {optimizer: adam, base_lr: 0.01}\n"),)),
    Case("torchtune", "torchtune", "from omegaconf import OmegaConf\nfrom torchtune import config\n\n"
         "cfg = OmegaConf.load('c.yaml')\nnet = config.instantiate(cfg.model)\n"
         "made = config.instantiate(cfg.optimizer, net.parameters())\n", "c.yaml",
         (("c.yaml", "model: {_component_: net.Net}\noptimizer: {_component_: torch.optim.AdamW, lr: 2e-5}\n"),)),
    Case("litgpt", "litgpt", "from litgpt.utils import instantiate_torch_optimizer\nfrom net import Net\n"
         "from omegaconf import OmegaConf\n\nnet = Net()\ncfg = OmegaConf.to_container(OmegaConf.load('c.yaml'))\n"
         "made = instantiate_torch_optimizer(cfg['optimizer'], net.parameters())\n", "c.yaml",
         (("c.yaml", "checkpoint_dir: x\ntrain: {epochs: 1}\noptimizer:\n  class_path: torch.optim.AdamW\n"
           "  init_args: {weight_decay: 0.1}\n"),)),
    Case("sentence-transformers", "sentence_transformers",
         "from datasets import Dataset\nfrom sentence_transformers import SentenceTransformer\n"
         "from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments\n"
         "from sentence_transformers.models import BoW, Dense, LayerNorm\n\n"
         "net = SentenceTransformer(modules=[BoW(['a', 'b']), Dense(2, 8), LayerNorm(8)])\n"
         "args = SentenceTransformerTrainingArguments('out', use_cpu=True, report_to=[], weight_decay=0.1)\n"
         "data = Dataset.from_dict({'a': ['a'], 'b': ['b'], 'label': [1.0]})\n"
         "trainer = SentenceTransformerTrainer(net, args, train_dataset=data)\nmade = trainer.create_optimizer()\n",
         "trainer ="),
    Case("espnet2", "espnet2", "import torch\nfrom espnet2.optimizers.optim_groups import configure_optimizer\n"
         "from net import Net\nfrom omegaconf import OmegaConf\n\nnet = Net()\n"
         "cfg = OmegaConf.to_container(OmegaConf.load('c.yaml'))\nassert cfg['exclude_weight_decay']\n"
         "made = configure_optimizer(net, torch.optim.AdamW, cfg['optim_conf'], {})\n", "c.yaml",
         (("c.yaml", "optim: adamw\noptim_conf: {lr: 0.001, weight_decay: 0.1}\nexclude_weight_decay: true\n"
           "encoder: conformer\n"),)),
    Case("rtdl_revisiting_models", "rtdl_revisiting_models",
         "import torch\nfrom rtdl_revisiting_models import FTTransformer\n\n"
         "usual = FTTransformer.get_default_kwargs()\n"
         "net = FTTransformer(n_cont_features=3, cat_cardinalities=[4], d_out=2, **usual)\n"
         "made = torch.optim.AdamW(net.make_parameter_groups(), lr=1e-4, weight_decay=1e-5)\n", "made ="),
    Case("pykeen", "pykeen", "from pykeen.pipeline import pipeline\n\n"
         "small = dict(embedding_dim=32, output_channels=2)\nresult = pipeline(\n"
         "    dataset='nations', model='ConvE', model_kwargs=small,\n"
         "    optimizer_kwargs=dict(weight_decay=0.1), clear_optimizer=False, epochs=1, device='cpu', use_tqdm=False)\n"
         "net, made = result.model, result.training_loop.optimizer\n", "result ="),
    Case("pytorch_tabular", "pytorch_tabular", "import numpy\nimport pandas\nfrom pytorch_tabular import TabularModel\n"
         "from pytorch_tabular.config import DataConfig, OptimizerConfig, TrainerConfig\n"
         "from pytorch_tabular.models import CategoryEmbeddingModelConfig\n\n"
         "frame = pandas.DataFrame(numpy.random.rand(64, 3), columns=['a', 'b', 'y'])\n"
         "options = OptimizerConfig(optimizer_params={'weight_decay': 0.1})\n"
         "quiet = dict(checkpoints=None, load_best=False, progress_bar='none', early_stopping=None)\n"
         "tab = TabularModel(\n    data_config=DataConfig(target=['y'], continuous_cols=['a', 'b'], num_workers=0),\n"
         "    model_config=CategoryEmbeddingModelConfig(task='regression'), optimizer_config=options, verbose=False,\n"
         "    trainer_config=TrainerConfig(max_epochs=1, accelerator='cpu', **quiet))\n"
         "net = tab.prepare_model(tab.prepare_dataloader(frame, frame, 1))\nmade = net.configure_optimizers()\n",
         "options ="),
    Case("setfit", "setfit", "from sentence_transformers import SentenceTransformer\n"
         "from sentence_transformers.models import BoW, Dense, LayerNorm\n"
         "from setfit import SetFitModel, Trainer, TrainingArguments\nfrom setfit.modeling import SetFitHead\n\n"
         "net = SentenceTransformer(modules=[BoW(['a', 'b']), Dense(2, 8), LayerNorm(8)])\n"
         "args = TrainingArguments('out', report_to='none', l2_weight=0.1)\n"
         "trainer = Trainer(SetFitModel(model_body=net, model_head=SetFitHead(8, 2)), args)\n"
         "made = trainer.st_trainer.create_optimizer()\n", "trainer ="),
    Case("pytorch-metric-learning", "pytorch_metric_learning",
         START + "from pytorch_metric_learning.losses import TripletMarginLoss\n"
         "from pytorch_metric_learning.trainers import MetricLossOnly\n\nnet = Net()\n"
         "made = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=0.1)\n"
         "losses = {'metric_loss': TripletMarginLoss()}\n"
         "MetricLossOnly({'trunk': net}, {'trunk_optimizer': made}, 2, losses, list(range(8)))\n", "made ="),
    Case("ignite", "ignite", START + "import ignite.distributed as idist\n\nnet = idist.auto_model(Net())\n"
         "made = idist.auto_optim(torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1))\n", "made ="),
    Case("monai, layer groups", "monai", START + "from monai.optimizers import generate_param_groups\n\nnet = Net()\n"
         "groups = generate_param_groups(net, [lambda m: m.head], ['select'], [1e-2])\n"
         "made = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.1)\n", "made ="),
)  # fmt: skip
