"""Trains quire-tiny on what data.py made.

    python train.py --data build/data --out build/run [--minutes 60 | --tokens N]   train, or go on where it stopped
    python train.py --data build/data --out build/run --held-out                    print the held-out loss by kind
    python train.py --measure [--width 256 --layers 8 ...]                          print tokens/s of such a model

The result is the same, bit for bit, for any number of threads and however often the run was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from chat import ANSWERED, LOSS_WEIGHTS, PAD, UNCOUNTED
from data import PHASES
from model import Model, ModelConfig
from optimiser import Optimiser

BATCH_TOKENS = 16384
WARM_UP_SHARE = 0.02
DECAY_SHARE = 0.3
"""Warm-up, then a steady learning rate, then linearly to 0 over the last tokens."""

RATE_MARGIN = 0.94
"""Of the measured speed, what `--minutes` counts on: optimiser steps, held-out losses and checkpoints take the rest."""


@dataclass(frozen=True)
class Plan:
    """Steps of each phase and the rate's course; fixed when a run begins, so that it ends alike however often it is
    interrupted."""

    steps: tuple[int, ...]
    decay_share: float = DECAY_SHARE
    batch_tokens: int = BATCH_TOKENS

    @property
    def steps_total(self) -> int:
        return sum(self.steps)

    def phase_of(self, step: int) -> tuple[int, int]:
        """(phase, steps into it)."""
        for phase, steps in enumerate(self.steps):
            if step < steps:
                return phase, step
            step -= steps
        raise ValueError("the step is after the end")

    def rate(self, step: int) -> float:
        """The learning rates' factor: 0 to 1."""
        progress = (step + 1) / self.steps_total
        left = max(0.0, 1 - step / self.steps_total)
        return min(1.0, progress / WARM_UP_SHARE, left / self.decay_share if self.decay_share else 1.0)


class Rows:
    """Rows of one phase on disk, without the first `skipped_tokens`; read as they are needed."""

    def __init__(self, folder: Path, name: str, skipped_tokens: int = 0):
        tokens = np.load(folder / f"{name}.tokens.npy", mmap_mode="r")
        first = skipped_tokens // tokens.shape[1]
        self.tokens = tokens[first:]
        self.classes = np.load(folder / f"{name}.classes.npy", mmap_mode="r")[first:]

    def batch(self, begin: int, end: int) -> tuple[Tensor, Tensor, Tensor]:
        """(inputs, targets, loss weights), each (rows, row_tokens). The last position of a row has no target."""
        tokens = torch.from_numpy(self.tokens[begin:end].astype(np.int64))
        classes = torch.from_numpy(self.classes[begin:end].astype(np.int64))
        targets = functional.pad(tokens[:, 1:], (0, 1), value=PAD)
        classes = functional.pad(classes[:, 1:], (0, 1), value=UNCOUNTED)
        return tokens, targets, torch.tensor(LOSS_WEIGHTS)[classes]


class Trainer:
    """The model and its workers. Each worker computes the gradient of a few rows alone, on one core; gradients are added
    in the rows' order. (Workers that share every product would wait for each other at each, which on a machine with
    other work to do costs most of the time.)"""

    def __init__(self, config: ModelConfig, threads: int, device: str, micro_tokens: int, compiled: bool):
        self.device = torch.device(device)
        self.model = Model(config).to(self.device)
        self.optimiser: Optimiser | None = None
        self.micro_tokens = micro_tokens
        self.parameters = list(self.model.parameters())
        workers = threads if self.device.type == "cpu" else 1
        torch.set_num_threads(1)
        self.pool = ThreadPoolExecutor(workers, initializer=lambda: torch.set_num_threads(1))
        self.run_loss = torch.compile(self.loss, dynamic=False) if compiled else self.loss
        self.compiled_rows: set[int] = set()

    def begin(self, seed: int) -> None:
        self.model.initialise(seed)
        self.optimiser = Optimiser(self.model)

    def loss(self, inputs: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum, not the mean: a batch's weight is known only to the batch."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits = self.model(inputs)
        losses = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
        return (losses * weights.flatten()).sum()

    def micro_batches(self, batch: tuple[Tensor, Tensor, Tensor]) -> list[tuple[Tensor, ...]]:
        rows = max(1, self.micro_tokens // batch[0].shape[1])
        return list(zip(*(part.to(self.device).split(rows) for part in batch)))

    def gradients(self, micro_batch: tuple[Tensor, ...]) -> tuple[float, tuple[Tensor, ...]]:
        loss = self.run_loss(*micro_batch)
        return float(loss.detach()), torch.autograd.grad(loss, self.parameters)

    def compile_for(self, batch: tuple[Tensor, Tensor, Tensor]) -> None:
        """Compiles for rows of this length, if that has not been done. Only then may workers run it together."""
        row_tokens = batch[0].shape[1]
        if row_tokens not in self.compiled_rows:
            self.gradients(self.micro_batches(batch)[0])
            self.compiled_rows.add(row_tokens)

    def step(self, batch: tuple[Tensor, Tensor, Tensor], rate: float) -> tuple[float, float]:
        """(loss before the step, norm of the gradient)."""
        self.compile_for(batch)
        weight = float(batch[2].sum())
        loss = 0.0
        sums: list[Tensor] | None = None
        for part_loss, part in self.pool.map(self.gradients, self.micro_batches(batch)):
            loss += part_loss
            if sums is None:
                sums = list(part)
            else:
                torch._foreach_add_(sums, list(part))
        torch._foreach_mul_(sums, 1 / weight)
        for parameter, gradient in zip(self.parameters, sums):
            parameter.grad = gradient
        norm = self.optimiser.step(rate, self.pool.map)
        return loss / weight, norm

    def held_out_losses(self, folder: Path, record: dict) -> dict[str, float]:
        """Mean loss of the answers' tokens, by kind, and over all kinds alike under "mean"."""
        rows = Rows(folder, "held_out")

        def sums(row: int) -> tuple[float, float]:
            inputs, targets, weights = (part.to(self.device) for part in rows.batch(row, row + 1))
            weights = (weights >= LOSS_WEIGHTS[ANSWERED]).float()
            with torch.no_grad():
                return float(self.loss(inputs, targets, weights)), float(weights.sum())

        kinds: dict[str, list[float]] = {}
        for kind, (loss, count) in zip(record["row_kinds"], self.pool.map(sums, range(record["rows"]))):
            totals = kinds.setdefault(kind, [0.0, 0.0])
            totals[0] += loss
            totals[1] += count
        losses = {kind: round(loss / count, 4) for kind, (loss, count) in kinds.items()}
        return losses | {"mean": round(sum(losses.values()) / len(losses), 4)}

    def tokens_per_second(self, row_tokens: int, seconds: float = 8.0) -> float:
        """Of gradients, on made-up rows of this length; compiles first."""
        tokens = torch.randint(0, self.model.config.vocab, (BATCH_TOKENS // row_tokens, row_tokens))
        batch = (tokens, tokens, torch.ones(tokens.shape))
        self.compile_for(batch)
        parts = self.micro_batches(batch)
        list(self.pool.map(self.gradients, parts[:2]))
        done, begin = 0, time.monotonic()
        while time.monotonic() - begin < seconds:
            list(self.pool.map(self.gradients, parts))
            done += tokens.numel()
        return done / (time.monotonic() - begin)


def write_atomically(path: Path, write) -> None:
    """A reader, or a restart after a crash, finds the whole old file or the whole new one."""
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class Training:
    """One run: its plan, its checkpoint and its log, all in one folder."""

    def __init__(self, arguments: argparse.Namespace):
        self.data, self.out = arguments.data, arguments.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.record = json.loads((self.data / "data.json").read_text())
        self.minutes_between = arguments.checkpoint_minutes
        self.checkpoint = self.out / "checkpoint.pt"
        self.stopped = False
        self.step, self.tokens, self.elapsed_s = 0, 0, 0.0
        saved = torch.load(self.checkpoint, map_location="cpu") if self.checkpoint.exists() else None
        self.skipped_tokens = saved["skipped_tokens"] if saved else arguments.skip_tokens
        self.rows = [Rows(self.data, name, self.skipped_tokens) for name, _, _ in PHASES]
        start = torch.load(arguments.start, map_location="cpu") if arguments.start and not saved else None
        known = saved or start
        config = ModelConfig(**known["config"]) if known else config_of(arguments)
        self.trainer = trainer_of(arguments, config)
        self.trainer.begin(arguments.seed)
        self.peak_rate = arguments.peak_rate
        if start:
            self.trainer.model.load_state_dict(start["model"])
        if saved:
            self.load(saved)
        else:
            self.plan = self.planned(arguments)
        self.log(
            {"event": "resumed" if saved else "begun", "config": config.as_dict(), "plan_steps": self.plan.steps,
             "parameters": self.trainer.model.parameter_count(), "threads": arguments.threads, "load": os.getloadavg()}
        )

    def planned(self, arguments: argparse.Namespace) -> Plan:
        available = sum(rows.tokens.size for rows in self.rows)
        total = arguments.tokens or available
        if arguments.minutes:
            seconds_a_token = sum(
                share / self.trainer.tokens_per_second(row_tokens) for _, row_tokens, share in PHASES
            )
            total = int(arguments.minutes * 60 * RATE_MARGIN / seconds_a_token)
            print(f"{1 / seconds_a_token:,.0f} tokens/s: {total:,} tokens in {arguments.minutes:g} minutes", flush=True)
        if total > available:
            print(f"only {available:,} tokens are there; none is used twice", flush=True)
        steps = []
        for (_, _, share), rows in zip(PHASES, self.rows):
            steps.append(min(round(total * share), rows.tokens.size) // arguments.batch_tokens)
        return Plan(tuple(steps), arguments.decay_share, arguments.batch_tokens)

    def load(self, saved: dict) -> None:
        if saved["tokenizer_sha256"] != self.record["tokenizer_sha256"]:
            raise SystemExit(f"{self.checkpoint} was trained with another tokenizer than {self.data} has")
        self.plan = Plan(tuple(saved["plan_steps"]), saved["decay_share"], saved["batch_tokens"])
        self.trainer.model.load_state_dict(saved["model"])
        self.trainer.optimiser.load(saved["optimiser"])
        self.step, self.tokens, self.elapsed_s = saved["step"], saved["tokens"], saved["elapsed_s"]

    def save(self) -> None:
        saved = {
            "config": self.trainer.model.config.as_dict(),
            "model": self.trainer.model.state_dict(),
            "optimiser": self.trainer.optimiser.state(),
            "plan_steps": self.plan.steps,
            "decay_share": self.plan.decay_share,
            "batch_tokens": self.plan.batch_tokens,
            "skipped_tokens": self.skipped_tokens,
            "step": self.step,
            "tokens": self.tokens,
            "elapsed_s": self.elapsed_s,
            "tokenizer_sha256": self.record["tokenizer_sha256"],
        }
        write_atomically(self.checkpoint, lambda file: torch.save(saved, file))

    def log(self, record: dict) -> None:
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps({"step": self.step, "tokens": self.tokens} | record) + "\n")

    def judge(self) -> None:
        losses = self.trainer.held_out_losses(self.data, self.record["held_out"])
        self.log({"held_out": losses})
        print(f"step {self.step}: held-out loss {losses['mean']:.4f} (story {losses.get('story', float('nan')):.4f})",
              flush=True)

    def run(self) -> None:
        judged_at = saved_at = time.monotonic()
        while self.step < self.plan.steps_total and not self.stopped:
            begin = time.monotonic()
            phase, at = self.plan.phase_of(self.step)
            rows = self.rows[phase]
            size = self.plan.batch_tokens // rows.tokens.shape[1]
            rate = self.peak_rate * self.plan.rate(self.step)
            loss, norm = self.trainer.step(rows.batch(at * size, (at + 1) * size), rate)
            if not np.isfinite(loss):
                raise SystemExit(f"step {self.step}: the loss is {loss}")
            self.step += 1
            self.tokens += self.plan.batch_tokens
            seconds = time.monotonic() - begin
            self.elapsed_s += seconds
            self.log({"loss": round(loss, 4), "rate": round(rate, 4), "gradient_norm": round(norm, 4),
                      "tokens_per_s": round(self.plan.batch_tokens / seconds), "elapsed_s": round(self.elapsed_s, 1)})
            if self.step % 20 == 0:
                print(f"step {self.step}/{self.plan.steps_total}: loss {loss:.4f}, "
                      f"{self.plan.batch_tokens / seconds:,.0f} tokens/s", flush=True)
            if time.monotonic() - saved_at > 60 * self.minutes_between:
                self.save()
                saved_at = time.monotonic()
            if time.monotonic() - judged_at > 2 * 60 * self.minutes_between:
                self.judge()
                judged_at = time.monotonic()
        self.save()
        if not self.stopped:
            self.judge()
            print(f"done: {self.tokens:,} tokens in {self.elapsed_s / 60:.1f} minutes", flush=True)


def config_of(arguments: argparse.Namespace) -> ModelConfig:
    given = {field.name: getattr(arguments, field.name, None) for field in fields(ModelConfig)}
    return ModelConfig(**{name: value for name, value in given.items() if value is not None})


def trainer_of(arguments: argparse.Namespace, config: ModelConfig) -> Trainer:
    return Trainer(config, arguments.threads, arguments.device, arguments.micro_tokens, not arguments.eager)


def measure(arguments: argparse.Namespace) -> None:
    config = config_of(arguments)
    trainer = trainer_of(arguments, config)
    trainer.begin(arguments.seed)
    rates = {row_tokens: trainer.tokens_per_second(row_tokens) for _, row_tokens, _ in PHASES}
    mean = 1 / sum(share / rates[row_tokens] for _, row_tokens, share in PHASES)
    print(
        f"| {config.width} | {config.layers} | {config.heads}/{config.kv_heads} x {config.head_dim} | {config.ffn} "
        f"| {trainer.model.parameter_count() / 1e6:.2f} M | "
        + " | ".join(f"{rate:,.0f}" for rate in rates.values())
        + f" | {mean:,.0f} | {os.getloadavg()[0]:.1f} |"
    )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains quire-tiny.")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tokens", type=int, help="the whole run's; default: all that --data has")
    parser.add_argument("--minutes", type=float, help="as many tokens as take so long, by a measurement at the start")
    parser.add_argument("--start", type=Path, help="a checkpoint whose weights a new run begins with")
    parser.add_argument("--peak-rate", type=float, default=1.0, help="factor of all learning rates")
    parser.add_argument("--batch-tokens", type=int, default=BATCH_TOKENS, help="tokens of a step")
    parser.add_argument("--decay-share", type=float, default=DECAY_SHARE, help="of the steps, the last ones; 0: none")
    parser.add_argument("--skip-tokens", type=int, default=0, help="of each phase's rows: what an earlier run has used")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="changes the time only")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--micro-tokens", type=int, default=2048, help="tokens that one worker computes at a time")
    parser.add_argument("--eager", action="store_true", help="do not compile the model (slower; starts at once)")
    parser.add_argument("--checkpoint-minutes", type=float, default=3)
    parser.add_argument("--held-out", action="store_true", help="only print the checkpoint's held-out loss")
    parser.add_argument("--measure", action="store_true", help="only print tokens/s")
    for field in fields(ModelConfig):
        parser.add_argument("--" + field.name.replace("_", "-"), type=type(field.default))
    arguments = parser.parse_args()
    if not arguments.measure and not (arguments.data and arguments.out):
        parser.error("--data and --out are needed")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    if arguments.measure:
        return measure(arguments)
    training = Training(arguments)
    if arguments.held_out:
        losses = training.trainer.held_out_losses(training.data, training.record["held_out"])
        for kind, loss in losses.items():
            print(f"{kind:20} {loss:.4f}")
        return None

    def stop(*_) -> None:
        training.stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return training.run()


if __name__ == "__main__":
    main()
