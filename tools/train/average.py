"""Writes the mean of several runs' weights as one more checkpoint.

    python average.py --runs build/first build/second --out build/mean

Runs that begin where another one ended differ by what their last steps happened to see; their mean has less of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def mean_checkpoint(checkpoints: list[dict]) -> dict:
    """The last one, with the mean of all models' weights. REQUIRES: models of one shape."""
    weights = {
        name: torch.stack([checkpoint["model"][name] for checkpoint in checkpoints]).mean(0)
        for name in checkpoints[-1]["model"]
    }
    return {**checkpoints[-1], "model": weights}


def main() -> None:
    parser = argparse.ArgumentParser(description="Averages the weights of runs.")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of train.py")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    checkpoints = [torch.load(run / "checkpoint.pt", map_location="cpu") for run in arguments.runs]
    if len({str(checkpoint["config"]) for checkpoint in checkpoints}) > 1:
        parser.error("the runs' models have different shapes")
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.save(mean_checkpoint(checkpoints), arguments.out / "checkpoint.pt")


if __name__ == "__main__":
    main()
