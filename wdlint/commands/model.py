"""The commands that import torch: `wdlint model` and `wdlint run`. Options only; what they do is in `wdlint.model`."""

from __future__ import annotations

import sys
from typing import Any

import click


@click.command(short_help="Say what every parameter of a model is.")
@click.argument("target")
@click.option("--arg", "arguments", multiple=True, metavar="KEY=VALUE", help="An argument for a class or factory.")
@click.option(
    "--format", "form", type=click.Choice(["summary", "tree", "table", "json", "csv"]), default="tree",
    help="How to show the parameters. [default: tree]",
)  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Say of each parameter why, by every witness.")
@click.option("--compare", is_flag=True, help="What the rules in use would get wrong on this model.")
@click.option("--html", type=click.Path(dir_okay=False), help="Write a page to look at and search.")
@click.option("--optimizer", metavar="MODULE:FACTORY", help="Audit the optimizer that FACTORY(model) returns.")
@click.option("--no-forward", "forward", flag_value=False, default=True, help="Observe no forward pass.")
@click.option("--device", default="meta", help="Where to make the parameters. [default: meta, which takes no memory]")
@click.option(
    "--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text."
)
def model(target: str, **options: Any) -> None:
    """Say what every parameter of a model is: weight, gain, bias, embedding or other.

    \b
    TARGET is one of
      package.module:attribute   a module, a class or a factory
      path/to/file.py:attribute  the same
      file.safetensors, .pt, .pth, .bin, a sharded checkpoint's index.json
      a Hugging Face model folder with a config.json
      timm:NAME  torchvision:NAME  transformers:TYPE
    """
    from wdlint.model.show import show

    sys.exit(show(target, options))


@click.command(
    short_help="Audit what a script trains, at its first step.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("-m", "module", metavar="MODULE", help="Run a module in the place of a script.")
@click.option("--keep-going", is_flag=True, help="Let the script go on after the audit.")
@click.option("--no-forward", "forward", flag_value=False, default=True, help="Observe no forward pass.")
@click.option("--select", multiple=True, metavar="RULES", help="Judge by these rules only.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Leave these rules out.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
@click.argument("script_and_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[SCRIPT] [-- ARGUMENTS]...")
def run(script_and_arguments: tuple[str, ...], **options: Any) -> None:
    """Run a training script up to its first optimizer step and audit what it really trains.

    \b
    wdlint run train.py -- --epochs 1
    wdlint run -m package.train -- --epochs 1
    wdlint run torchrun -- --nproc-per-node 2 train.py

    Workers that a launcher starts (torchrun, accelerate launch) are audited, and the first of them speaks.
    """
    from wdlint.model.running.command import run as start

    sys.exit(start(script_and_arguments, options))
