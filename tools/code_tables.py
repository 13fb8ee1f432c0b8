#!/usr/bin/env python3
"""The code tables of the IQ types as constants: src/tensor/codes/*.h.

A table says which small vectors a code stands for. The tables are facts of the file format; they are read from PyPI's
gguf, where each is an array of values, and written as one uint16 a code: the number of each element's value among those
that the table uses, the first element in the lowest bits (8 elements of 2 bits, or 4 elements of 4 bits).
Needs gguf and clang-format-14; run from the repository's root.
"""

import pathlib
import subprocess

import numpy as np
from gguf import quants

# file name: class in gguf.quants, what a code is
TABLES = {
    "iq2_xxs": (quants.IQ2_XXS, "8 elements of 2 bits: 0, 1, 2 are the magnitudes 8, 25, 43"),
    "iq2_xs": (quants.IQ2_XS, "8 elements of 2 bits: 0, 1, 2 are the magnitudes 8, 25, 43"),
    "iq2_s": (quants.IQ2_S, "8 elements of 2 bits: 0, 1, 2 are the magnitudes 8, 25, 43"),
    "iq3_xxs": (quants.IQ3_XXS, "4 elements of 4 bits: n is the magnitude 8 n + 4, but 7 is 62"),
    "iq3_s": (quants.IQ3_S, "4 elements of 4 bits: n is the magnitude 2 n + 1"),
    "iq1": (quants.IQ1_S, "8 elements of 2 bits: 0, 1, 2 are the values -1, 0, 1"),
}


def words(table):
    """(codes): a uint16 for each row of the table."""
    table.init_grid()
    rows = table.grid.reshape(table.grid_shape)
    bits = 16 // rows.shape[1]
    levels = np.searchsorted(np.array(table.grid_map, dtype=np.float32), rows).astype(np.uint32)
    assert (np.array(table.grid_map, dtype=np.float32)[levels] == rows).all()
    return (levels << (np.arange(rows.shape[1], dtype=np.uint32) * bits)).sum(axis=1)


def main():
    out = pathlib.Path("src/tensor/codes")
    out.mkdir(parents=True, exist_ok=True)
    for name, (table, meaning) in TABLES.items():
        codes = [f"0x{word:04x}" for word in words(table)]
        path = out / f"{name}.h"
        path.write_text(f"""\
// Made by tools/code_tables.py. A code is {meaning}. The first element is in the lowest bits.
#pragma once

#include <array>
#include <cstdint>

namespace quire::codes {{

inline constexpr std::array<uint16_t, {len(codes)}> {name} = {{{", ".join(codes)}}};

}}  // namespace quire::codes
""")
        subprocess.run(["clang-format-14", "-i", path], check=True)


main()
