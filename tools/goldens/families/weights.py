"""What the tensors of a golden hold, and how a parameter of transformers is read from them.

The rule (the same in tests/model/family_goldens_test.cpp). With h the 64-bit FNV-1a hash of a tensor's name and i an
element's place in the file, u(i) = (splitmix64(h + i) >> 40) / 2^23 - 1, in [-1, 1): splitmix64(x) is the output function of
that generator for the state x + 0x9E3779B97F4A7C15. Elements, computed in float64 and rounded to float32, are

    1 + u / 8   where the name has "_norm" in it and ends in ".weight"
    u * 2^-k    of more than one row: k is the smallest integer from 0 on with inputs < 6 * 4^k, inputs being the first
                dimension in the file (that is 2^-k nearest to sqrt(3 / inputs), for rows of unit gain)
    u / 4       else

but for tensors that the golden lists with their values.
"""
import numpy as np


def fnv1a64(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def noise(name, count):
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint64) + np.uint64(fnv1a64(name)) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def matrix_scale(inputs):
    k = 0
    while inputs >= 6 * 4**k:
        k += 1
    return 2.0**-k


def values_of(name, shape):
    """A tensor of the file. `shape` is numpy's: the file's first dimension comes last."""
    u = noise(name, int(np.prod(shape))).reshape(shape)
    if "_norm" in name and name.endswith(".weight"):
        return (1.0 + u / 8.0).astype(np.float32)
    return (u * (matrix_scale(shape[-1]) if u.size > shape[-1] else 0.25)).astype(np.float32)


class Tensors:
    """The tensors of one file, each made when it is first asked for. `listed`: those with values of their own."""

    def __init__(self, listed=None):
        self.listed = {name: np.asarray(values, np.float32) for name, values in (listed or {}).items()}
        self.arrays = dict(self.listed)

    def take(self, name, shape):
        shape = tuple(shape)
        if name not in self.arrays:
            self.arrays[name] = values_of(name, shape)
        assert self.arrays[name].shape == shape, f"{name}: {self.arrays[name].shape}, asked for as {shape}"
        return self.arrays[name]


# How a parameter is read. A reader is called with take(name, shape), which fills in the layer and the parameter's ending
# (".weight", ".bias"), and with the parameter's shape.

def same(name):
    return lambda take, shape: take(name, shape)


def shifted(name):
    """A norm that adds 1 to its weight."""
    return lambda take, shape: take(name, shape) - np.float32(1.0)


def negated_log(name):
    return lambda take, shape: np.log(-take(name, shape))


def reshaped(name, *file_shape):
    return lambda take, shape: take(name, file_shape).reshape(shape)


def transposed(name):
    """Of the last two dimensions."""
    return lambda take, shape: take(name, (*shape[:-2], shape[-1], shape[-2])).swapaxes(-1, -2)


def neighbours(name, heads, rotary=None):
    """Rows of a head that turn together: neighbours in the file, halves of the turning part in transformers."""

    def read(take, shape):
        rows = take(name, shape)
        by_head = rows.reshape(heads, -1, *shape[1:])
        turning = by_head.shape[1] if rotary is None else rotary
        turned = by_head[:, :turning].reshape(heads, turning // 2, 2, *shape[1:]).swapaxes(1, 2)
        return np.concatenate([turned.reshape(heads, turning, *shape[1:]), by_head[:, turning:]], 1).reshape(shape)

    return read


def joined(*names, axis=0):
    """Tensors of one shape after each other along an axis."""

    def read(take, shape):
        assert shape[axis] % len(names) == 0
        part = list(shape)
        part[axis] //= len(names)
        return np.concatenate([take(name, part) for name in names], axis)

    return read


def rows(name, begin, total):
    """Some rows of one tensor."""
    return lambda take, shape: take(name, (total, *shape[1:]))[begin:begin + shape[0]]


def alternating(first, second):
    """The last dimension takes turns; in the file the two are apart, as rows (of experts)."""

    def read(take, shape):
        *outer, last = shape
        if len(shape) == 2:  # biases of experts
            pair = [take(name, (*outer, last // 2)) for name in (first, second)]
        else:
            pair = [take(name, (*outer[:-1], last // 2, outer[-1])).swapaxes(-1, -2) for name in (first, second)]
        return np.stack(pair, -1).reshape(shape)

    return read
