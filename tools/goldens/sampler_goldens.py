#!/usr/bin/env python3
"""What llama.cpp's samplers leave of random rows of logits.

    python3 tools/goldens/sampler_goldens.py tests/data/models/stories260K.gguf tests/data/samplers

Writes chains.jsonl: a row, the tokens before it, parameters, and the probabilities of the tokens that are left;
mirostat.jsonl: rows one after another, the tokens that are left of each, and the one that llama.cpp drew.
Needs PyPI's xllamacpp (2026.10), whose library exports llama.cpp's C interface.
"""
import ctypes as c
import importlib.util
import json
import math
import pathlib
import random
import sys

SEED = 20261128
CHAINS = 160
ROW = 128  # tokens: special ones, bytes and a few pieces
WALKS = 12
STEPS = 8
DEFAULT_ORDER = ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"]
BREAKERS = ["\n", ":", "\"", "*", ". ", "the end"]


class TokenData(c.Structure):
    _fields_ = [("id", c.c_int32), ("logit", c.c_float), ("p", c.c_float)]


class TokenArray(c.Structure):
    _fields_ = [("data", c.POINTER(TokenData)), ("size", c.c_size_t), ("selected", c.c_int64), ("sorted", c.c_bool)]


class OpaqueParams(c.Structure):  # larger than llama_model_params, whatever the version
    _fields_ = [("bytes", c.c_char * 512)]


def load_library():
    package = pathlib.Path(importlib.util.find_spec("xllamacpp").origin).parent
    library = c.CDLL(str(next(package.glob("xllamacpp*.so"))))
    pointer, number, integer, size = c.c_void_p, c.c_float, c.c_int32, c.c_size_t
    makers = {
        "penalties": [integer, integer, number, number, number],
        "dry": [pointer, number, number, integer, integer, c.POINTER(c.c_char_p), size],
        "top_n_sigma": [number], "top_k": [integer], "typical": [number, size], "top_p": [number, size],
        "min_p": [number, size], "xtc": [number, number, size, c.c_uint32], "temp": [number],
        "temp_ext": [number, number, number],
        "mirostat": [integer, c.c_uint32, number, number, integer],
        "mirostat_v2": [c.c_uint32, number, number],
    }
    for name, arguments in makers.items():
        maker = getattr(library, "llama_sampler_init_" + name)
        maker.restype, maker.argtypes = pointer, arguments
    library.llama_sampler_accept.argtypes = [pointer, integer]
    library.llama_sampler_apply.argtypes = [pointer, c.POINTER(TokenArray)]
    library.llama_sampler_free.argtypes = [pointer]
    library.llama_model_default_params.restype = OpaqueParams
    library.llama_model_load_from_file.argtypes = [c.c_char_p, OpaqueParams]
    library.llama_model_load_from_file.restype = pointer
    library.llama_model_get_vocab.argtypes = [pointer]
    library.llama_model_get_vocab.restype = pointer
    return library


def array_of(logits):
    data = (TokenData * len(logits))(*[TokenData(i, x, 0.0) for i, x in enumerate(logits)])
    return data, TokenArray(data, len(logits), -1, False)


def left(array):
    rows = [(array.data[i].id, array.data[i].logit) for i in range(array.size) if array.data[i].logit > -math.inf]
    top = max(logit for _, logit in rows)
    weights = {token: math.exp(logit - top) for token, logit in rows}
    total = sum(weights.values())
    return {str(token): round(weight / total, 6) for token, weight in sorted(weights.items())}


class Chain:
    def __init__(self, library, vocab, params, history):
        self.library = library
        keep = params["min_keep"]
        texts = [text.encode() for text in params["dry_sequence_breakers"]]
        make = {
            "penalties": lambda: library.llama_sampler_init_penalties(
                ROW, params["repeat_last_n"], params["repeat_penalty"], params["frequency_penalty"],
                params["presence_penalty"]),
            "dry": lambda: library.llama_sampler_init_dry(
                vocab, params["dry_multiplier"], params["dry_base"], params["dry_allowed_length"],
                params["dry_penalty_last_n"], (c.c_char_p * len(texts))(*texts), len(texts)),
            "top_n_sigma": lambda: library.llama_sampler_init_top_n_sigma(params["top_n_sigma"]),
            "top_k": lambda: library.llama_sampler_init_top_k(params["top_k"]),
            "typ_p": lambda: library.llama_sampler_init_typical(params["typical_p"], keep),
            "top_p": lambda: library.llama_sampler_init_top_p(params["top_p"], keep),
            "min_p": lambda: library.llama_sampler_init_min_p(params["min_p"], keep),
            "xtc": lambda: library.llama_sampler_init_xtc(params["xtc_probability"], params["xtc_threshold"], keep, 1),
            "temperature": lambda: library.llama_sampler_init_temp_ext(
                params["temperature"], params["dynatemp_range"], params["dynatemp_exponent"]),
        }
        self.samplers = [make[name]() for name in params["samplers"]]
        for sampler in self.samplers:
            for token in history:
                library.llama_sampler_accept(sampler, token)

    def run(self, logits):
        data, array = array_of(logits)
        for sampler in self.samplers:
            self.library.llama_sampler_apply(sampler, c.byref(array))
        result = left(array)
        for sampler in self.samplers:
            self.library.llama_sampler_free(sampler)
        del data
        return result


def distinct(logits):  # which of two equal ones comes first is nobody's promise
    seen = set()
    for index, logit in enumerate(logits):
        while logit in seen:
            logit = round(logit - 0.01, 2)
        seen.add(logit)
        logits[index] = logit
    return logits


def random_row(rng, size):
    spread = rng.choice([1.0, 2.0, 4.0])
    return distinct([round(rng.gauss(0.0, spread), 2) for _ in range(size)])


def random_params(rng, history):
    pick = rng.choice
    params = {
        "temperature": pick([0.5, 0.8, 1.0, 1.5]), "dynatemp_range": 0.0, "dynatemp_exponent": 1.0, "top_k": 0,
        "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0, "top_n_sigma": -1.0, "min_keep": 0, "repeat_penalty": 1.0,
        "frequency_penalty": 0.0, "presence_penalty": 0.0, "repeat_last_n": 64, "xtc_probability": 0.0,
        "xtc_threshold": 0.1, "dry_multiplier": 0.0, "dry_base": 1.75, "dry_allowed_length": 2,
        "dry_penalty_last_n": len(history), "dry_sequence_breakers": [], "samplers": DEFAULT_ORDER,
    }
    some = {
        "top_k": lambda: params.update(top_k=pick([1, 5, 40])),
        "top_p": lambda: params.update(top_p=pick([0.5, 0.9, 0.99])),
        "min_p": lambda: params.update(min_p=pick([0.02, 0.1, 0.3])),
        "typical": lambda: params.update(typical_p=pick([0.3, 0.7, 0.95])),
        "sigma": lambda: params.update(top_n_sigma=pick([0.5, 1.0, 2.0])),
        "keep": lambda: params.update(min_keep=pick([2, 5, 20])),
        "penalties": lambda: params.update(
            repeat_penalty=pick([1.0, 1.3]), frequency_penalty=pick([0.0, 0.4]), presence_penalty=pick([0.0, 0.7]),
            repeat_last_n=pick([3, 16, 64])),
        "xtc": lambda: params.update(xtc_probability=1.0, xtc_threshold=pick([0.02, 0.1, 0.2])),
        "dynamic": lambda: params.update(dynatemp_range=pick([0.3, 0.5]), dynatemp_exponent=pick([0.5, 1.0, 2.0])),
        "dry": lambda: params.update(
            dry_multiplier=pick([0.8, 2.0]), dry_base=pick([1.2, 1.75]), dry_allowed_length=pick([1, 2, 3]),
            dry_penalty_last_n=pick([8, 20, len(history)]), dry_sequence_breakers=rng.sample(BREAKERS, rng.randrange(4))),
    }
    for name in rng.sample(sorted(some), rng.randrange(1, 5)):
        some[name]()
    # There the number of tokens that the entropy is compared with counts tokens that top_n_sigma has left out.
    # And its typical_p adds up 0 * log(0) for them, which is no number.
    if params["top_n_sigma"] > 0:
        params["dynatemp_range"] = 0.0
        params["typical_p"] = 1.0
    if rng.random() < 0.4:
        params["samplers"] = rng.sample(DEFAULT_ORDER, rng.randrange(5, len(DEFAULT_ORDER) + 1))
    return params


def write_chains(library, vocab, path):
    rng = random.Random(SEED)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(CHAINS):
            repeated = rng.sample(range(3, ROW), 3)  # few: they repeat
            newline, colon = 3 + ord("\n"), 3 + ord(":")
            history = [rng.choice(repeated + repeated + [newline, colon]) for _ in range(rng.randrange(1, 40))]
            logits = random_row(rng, ROW)
            params = random_params(rng, history)
            for token in repeated:
                logits[token] = round(max(logits) - rng.random(), 2)  # where it shows
            distinct(logits)
            kept = Chain(library, vocab, params, history).run(logits)
            out.write(json.dumps({"logits": logits, "history": history, "params": params, "kept": kept},
                                 separators=(",", ":")) + "\n")


def write_walks(library, path):
    rng = random.Random(SEED + 1)
    with open(path, "w", encoding="utf-8") as out:
        for walk in range(WALKS):
            size = rng.choice([30, 120])
            tau, eta = rng.choice([1.0, 3.0, 5.0]), rng.choice([0.1, 0.5])
            version = 1 + walk % 2
            temperature = rng.choice([0.7, 1.0])
            warm = library.llama_sampler_init_temp(temperature)
            if version == 1:
                sampler = library.llama_sampler_init_mirostat(size, walk, tau, eta, 100)
            else:
                sampler = library.llama_sampler_init_mirostat_v2(walk, tau, eta)
            steps = []
            for _ in range(STEPS):
                logits = random_row(rng, size)
                data, array = array_of(logits)
                library.llama_sampler_apply(warm, c.byref(array))
                library.llama_sampler_apply(sampler, c.byref(array))
                steps.append({"logits": logits, "kept": left(array), "drawn": array.data[array.selected].id})
                del data
            out.write(json.dumps({"mirostat": version, "tau": tau, "eta": eta, "temperature": temperature,
                                  "steps": steps}, separators=(",", ":")) + "\n")


def main():
    library = load_library()
    library.llama_backend_init()
    model = library.llama_model_load_from_file(sys.argv[1].encode(), library.llama_model_default_params())
    folder = pathlib.Path(sys.argv[2])
    write_chains(library, library.llama_model_get_vocab(model), folder / "chains.jsonl")
    write_walks(library, folder / "mirostat.jsonl")


if __name__ == "__main__":
    main()
