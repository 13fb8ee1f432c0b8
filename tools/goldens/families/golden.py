"""Makes one golden: fills the model, runs it, and says what a file would."""
import base64
import json
import re

import numpy as np
import torch

from .family import SETTINGS, TOKENS, VOCAB
from .weights import Tensors, same

TYPES = {bool: "bool", int: "uint32", float: "float32", str: "string"}


def narrowed(value):
    """A float32 in the fewest digits. JSON has no infinity: it is a string."""
    return float(str(np.float32(value))) if np.isfinite(value) else str(float(value))


def typed(value):
    """A value as a file has it: {type: value}. Arrays of integers are int32, as PyPI's gguf writes them."""
    if isinstance(value, (list, tuple)):
        kind = {int: "int32"}.get(type(value[0]), TYPES[type(value[0])])
        return {f"{kind}[]": [narrowed(each) for each in value] if kind == "float32" else list(value)}
    kind = TYPES[type(value)]
    return {kind: narrowed(value) if kind == "float32" else value}


def reader_of(names, parameter):
    """(reader, layer, ending) of a parameter, by its whole name or by its name without ending."""
    layer = re.search(r"\.(\d+)\.", parameter)
    general = re.sub(r"\.\d+\.", ".{}.", parameter, count=1)
    ending = parameter.rpartition(".")[2]
    stems = [(name.removesuffix("." + ending), "." + ending) for name in (parameter, general)]
    for name, suffix in [(parameter, ""), (general, ""), *stems]:
        if name in names:
            reader = names[name]
            return same(reader) if isinstance(reader, str) else reader, layer and layer[1], suffix
    raise KeyError(f"{parameter}: no name in the file")


def parameters_of(model):
    """Parameters and persistent buffers, once each."""
    seen, result = set(), {}
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() not in seen:
            result[name] = tensor
            seen.add(tensor.data_ptr())
    return result


def fill(model, family, config, tensors):
    names = family.names(config)
    matches = lambda patterns, parameter: any(re.search(pattern, parameter) for pattern in patterns)
    for parameter, value in parameters_of(model).items():
        if matches(family.absent, parameter):
            value.zero_()
        if matches(family.absent + family.beside, parameter):
            continue
        reader, layer, suffix = reader_of(names, parameter)
        take = lambda name, shape: tensors.take(name.format(layer) + suffix, shape)
        array = np.ascontiguousarray(reader(take, tuple(value.shape)))
        assert array.shape == tuple(value.shape), f"{parameter}: {array.shape}, expected {tuple(value.shape)}"
        value.copy_(torch.from_numpy(array))


def golden_tokens():
    """Not 0, 1, 2, which may be padding and ends; the same in every golden."""
    return [3 + (i * i * 7 + i * 13) % (VOCAB - 3) for i in range(TOKENS)]


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


class Golden:
    def __init__(self, name, family):
        self.name, self.family = name, family
        self.about, changes = family.variants[name]
        self.config = family.config(**{key: value for key, value in (SETTINGS | family.settings | changes).items()
                                       if value is not ...})
        self.config._experts_implementation = "eager"
        torch.manual_seed(0)
        self.model = family.model(self.config).eval()
        self.tensors = Tensors(family.listed(self.config))
        with torch.no_grad():
            self.model.float()
            fill(self.model, family, self.config, self.tensors)
        for tensor, shape in family.unread(self.config).items():
            self.tensors.take(tensor, shape)
        self.metadata = {"general.architecture": typed(family.architecture)}
        for key, value in family.keys(self.config).items():
            self.metadata[key if key.startswith("tokenizer.") else f"{family.architecture}.{key}"] = typed(value)
        self.tokens = golden_tokens()

    def compute(self):
        """What transformers gives: {"logits": (tokens, vocabulary)}, or an encoder's {"rows", "pooled"}."""
        if self.family.double:
            self.model.double()
        with torch.no_grad():
            ids = torch.tensor([self.tokens])
            if self.family.run is not None:
                results = self.family.run(self.model, ids)
            else:
                results = {"logits": self.model(input_ids=ids, use_cache=False).logits[0]}
        self.model.float()
        return {kind: np.asarray(value, np.float64) for kind, value in results.items()}

    def write(self, folder, results):
        """Every third row, so that the last is among them."""
        tensors = {}
        for name, array in self.tensors.arrays.items():
            tensors[name] = {"shape": list(array.shape[::-1])}
            if name in self.tensors.listed:
                tensors[name]["values"] = [float(str(value)) for value in array.reshape(-1)]
        head = {"name": self.name, "about": self.about, "oracle": "transformers 5.24.0"}
        outputs = {kind: {"rows": list(range(2, len(array), 3)) if array.ndim == 2 else [], "columns": array.shape[-1],
                          "values": packed(array[2::3] if array.ndim == 2 else array)}
                   for kind, array in results.items()}
        text = lambda value: json.dumps(value, ensure_ascii=False)
        lines = [f" {text(key)}: {text(value)}" for key, value in head.items()]
        for key, table in (("metadata", self.metadata), ("tensors", tensors)):
            lines.append(f" {text(key)}: {{\n" + ",\n".join(f"  {text(k)}: {text(v)}" for k, v in table.items()) + "\n }")
        lines += [f" {text('tokens')}: {text(self.tokens)}", f" {text('outputs')}: {text(outputs)}"]
        (folder / f"{self.name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
