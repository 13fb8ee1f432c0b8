"""How weights change: Muon for the layers' matrices, AdamW for embeddings and norms.

Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/) makes each matrix's momentum orthogonal before it
is applied, so that all its directions learn equally fast; at this size a run needs about a third fewer tokens.
"""

from __future__ import annotations

from typing import Callable, Iterable, Sequence

import torch
from torch import Tensor

from model import Model

MUON_RATE = 0.02
MUON_MOMENTUM = 0.95
ADAM_RATE = 0.004
ADAM_BETAS = (0.9, 0.95)
ADAM_EPSILON = 1e-8
WEIGHT_DECAY = 0.05
GRADIENT_NORM_MAX = 1.0

# Coefficients of the quintic iteration and how often it is applied; from the source above.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5

Run = Callable[[Callable, Iterable], Iterable]


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix with orthonormal rows or columns: singular values between 0.7 and 1.2."""
    a, b, c = NEWTON_SCHULZ
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).float()


class Optimiser:
    """Owned by the training thread. State is as large as twice the vectors and embeddings plus once the matrices."""

    def __init__(self, model: Model):
        self.matrices = [(weight, rows) for _, weight, rows in model.stacked_matrices()]
        of_matrices = {id(weight) for weight, _ in self.matrices}
        self.others = [weight for weight in model.parameters() if id(weight) not in of_matrices]
        self.momenta = [torch.zeros_like(weight) for weight, _ in self.matrices]
        self.means = [torch.zeros_like(weight) for weight in self.others]
        self.squares = [torch.zeros_like(weight) for weight in self.others]
        self.steps = 0

    def step(self, rate: float, run: Run) -> float:
        """Applies the gradients in .grad; `rate` scales the two learning rates; `run` is map. Gives the gradients' norm."""
        weights = [weight for weight, _ in self.matrices] + self.others
        norm = float(torch.linalg.vector_norm(torch.stack([weight.grad.norm() for weight in weights])))
        scale = min(1.0, GRADIENT_NORM_MAX / (norm + 1e-6))
        self.steps += 1
        list(run(lambda index: self.step_matrix(index, rate, scale), range(len(self.matrices))))
        with torch.no_grad():
            self.step_others(rate, scale)
        return norm

    @torch.no_grad()
    def step_matrix(self, index: int, rate: float, scale: float) -> None:
        weight, rows = self.matrices[index]
        gradient = weight.grad * scale
        momentum = self.momenta[index].lerp_(gradient, 1 - MUON_MOMENTUM)
        ahead = gradient.lerp(momentum, MUON_MOMENTUM)
        weight.mul_(1 - rate * MUON_RATE * WEIGHT_DECAY)
        for part, change in zip(weight.split(rows), ahead.split(rows)):
            shape_scale = max(1.0, part.shape[0] / part.shape[1]) ** 0.5
            part.sub_(orthogonal(change), alpha=rate * MUON_RATE * shape_scale)

    def step_others(self, rate: float, scale: float) -> None:
        beta1, beta2 = ADAM_BETAS
        for weight, mean, square in zip(self.others, self.means, self.squares):
            gradient = weight.grad * scale
            mean.lerp_(gradient, 1 - beta1)
            square.lerp_(gradient.square(), 1 - beta2)
            corrected = (square / (1 - beta2**self.steps)).sqrt_().add_(ADAM_EPSILON)
            if weight.dim() > 1:
                weight.mul_(1 - rate * ADAM_RATE * WEIGHT_DECAY)
            weight.sub_(mean / corrected, alpha=rate * ADAM_RATE / (1 - beta1**self.steps))

    def state(self) -> dict[str, int | Sequence[Tensor]]:
        return {"steps": self.steps, "momenta": self.momenta, "means": self.means, "squares": self.squares}

    def load(self, state: dict) -> None:
        self.steps = state["steps"]
        for own, saved in zip(
            self.momenta + self.means + self.squares, state["momenta"] + state["means"] + state["squares"], strict=True
        ):
            own.copy_(saved)
