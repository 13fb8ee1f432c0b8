"""Draws the training loss of a run, and its held-out losses, against tokens as SVG.

    python curve.py --run build/run > curve.svg

The loss is the one that is trained on: weighted (README, Choices), so no nats a token; a point is the mean of its steps.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 56, 16, 44, 44
POINTS = 60
"""Means that the steps are drawn as."""


def means(steps: list[dict]) -> list[tuple[float, float]]:
    """(tokens, mean loss) of up to POINTS equal runs of steps."""
    count = max(1, len(steps) // POINTS)
    parts = [steps[i : i + count] for i in range(0, len(steps) - count + 1, count)]
    return [(part[-1]["tokens"], sum(step["loss"] for step in part) / len(part)) for part in parts]


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws the losses of a run as SVG.")
    parser.add_argument("--run", type=Path, required=True)
    lines = [json.loads(line) for line in (parser.parse_args().run / "log.jsonl").read_text().splitlines()]
    steps = {line["step"]: line for line in lines if "loss" in line}  # a step that was done again counts once
    trained = means([steps[step] for step in sorted(steps)])
    held_out = [(line["tokens"], line["held_out"]["mean"]) for line in lines if "held_out" in line]
    top = max(loss for _, loss in trained + held_out) * 1.1
    last = max(tokens for tokens, _ in trained + held_out)

    def x(tokens: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * tokens / last

    def y(loss: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * loss / top

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="14" fill="#222">quire-tiny: loss against millions of tokens</text>',
        f'<text x="{LEFT}" y="36" fill="#1f6feb">training (weighted)</text>',
        f'<text x="{LEFT + 130}" y="36" fill="#b35900">held out, mean over all kinds</text>',
    ]
    step = next(unit for unit in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if top / unit <= 6)
    for index in range(int(top / step) + 1):
        at = y(index * step)
        out.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#555">{index * step:g}</text>')
    for index in range(7):
        at = x(last * index / 6)
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#555">'
                   f"{last * index / 6e6:.1f}</text>")
    path = " ".join(f"{x(tokens):.1f},{y(loss):.1f}" for tokens, loss in trained)
    out.append(f'<polyline points="{path}" fill="none" stroke="#1f6feb" stroke-width="2"/>')
    for tokens, loss in held_out:
        out.append(f'<circle cx="{x(tokens):.1f}" cy="{y(loss):.1f}" r="4" fill="#b35900"/>')
    out.append("</svg>")
    print("\n".join(out))


if __name__ == "__main__":
    main()
