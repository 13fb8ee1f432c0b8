import argparse
import pathlib

import numpy as np
import torch

from . import __doc__ as usage, converter, dense, encoders, experts, gemma, latents, mtp, recurrent, witness
from .golden import Golden

FAMILIES = (dense.FAMILIES + gemma.FAMILIES + experts.FAMILIES + latents.FAMILIES + recurrent.FAMILIES +
            mtp.FAMILIES + encoders.FAMILIES)


def make(name, family, options):
    golden = Golden(name, family)
    results = golden.compute()
    golden.write(options.folder, results)
    sizes = ", ".join(f"{kind} rms {np.sqrt(np.mean(array ** 2)):.2f}" for kind, array in results.items())
    print(f"{name}: {sizes}", flush=True)
    if options.converter:
        skipped = family.converts
        lines = [f"not asked: {skipped}"] if skipped else converter.differences(golden, options.converter)
        print("\n".join(f"  converter: {line}" for line in lines or ["the same file"]), flush=True)
    return golden, results


def main():
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--witness", type=pathlib.Path)
    parser.add_argument("--converter", type=pathlib.Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    by_name = {name: family for family in FAMILIES for name in family.variants}
    unknown = set(options.names) - by_name.keys()
    if unknown:
        parser.error(f"no golden has this name: {', '.join(sorted(unknown))}")
    made = [make(name, by_name[name], options) for name in options.names or by_name]
    if options.witness:
        for line in witness.compare(made, options.witness):
            print(f"llama.cpp: {line}", flush=True)


if __name__ == "__main__":
    main()
