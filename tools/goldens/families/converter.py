"""llama.cpp's converter, run on the model that a golden was made with: does it write the same file?"""
import json
import pathlib
import sys
import tempfile

import numpy as np

from .golden import narrowed


def stub_vocabulary(folder, size):
    """What some converters count the vocabulary with."""
    tokenizer = {"model": {"vocab": {f"t{i}": i for i in range(size)}}, "added_tokens": []}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def converted(golden, tree):
    """(keys, tensors) of the file that the converter makes."""
    for folder in (tree, tree / "gguf-py"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    import conversion
    import gguf
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        golden.model.save_pretrained(folder)
        config = json.loads((folder / "config.json").read_text())
        stub_vocabulary(folder, config.get("vocab_size", 0))
        for file, content in golden.family.checkpoint(golden.config).items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(json.dumps(content))
        maker = conversion.get_model_class(config["architectures"][0])
        maker.set_vocab = lambda self: None
        maker.no_mtp = True  # transformers' models have no layers that guess
        path = folder / "converted.gguf"
        made = maker(folder, gguf.LlamaFileType.ALL_F32, path, eager=True)
        if hasattr(made, "impl"):
            type(made.impl).set_vocab = lambda self: None
        made.write()
        reader = gguf.GGUFReader(path)
        keys = {}
        for key, field in reader.fields.items():
            if key.startswith(("GGUF.", "general.", "tokenizer.")) and key != "general.architecture":
                continue
            kind = field.types[0].name.lower()
            keys[key] = {f"{field.types[-1].name.lower()}[]" if kind == "array" else kind: field.contents()}
        tensors = {tensor.name: tensor.data.astype(np.float32).copy() for tensor in reader.tensors}
    return keys, tensors


def differences(golden, tree):
    """Lines that say what is different."""
    try:
        keys, tensors = converted(golden, tree)
    except Exception as error:  # it is another's program: whatever it raises is what there is to say
        return [f"it fails: {type(error).__name__}: {str(error)[:200]}"]
    mine = {key: value for key, value in golden.metadata.items() if not key.startswith("tokenizer.")}
    lines = []
    for key in sorted(keys.keys() | mine.keys()):
        ours, theirs = mine.get(key), keys.get(key)
        if theirs and "float32" in theirs:
            theirs = {"float32": narrowed(theirs["float32"])}
        if theirs and "float32[]" in theirs:
            theirs = {"float32[]": [narrowed(each) for each in theirs["float32[]"]]}
        if ours != theirs:
            lines.append(f"key {key}: {ours}, the converter's {theirs}")
    for name in sorted(tensors.keys() | golden.tensors.arrays.keys()):
        ours, theirs = golden.tensors.arrays.get(name), tensors.get(name)
        if ours is None or theirs is None:
            lines.append(f"tensor {name}: {'absent' if ours is None else ours.shape}, "
                         f"the converter's {'absent' if theirs is None else theirs.shape}")
        elif ours.shape != theirs.shape:
            lines.append(f"tensor {name}: {ours.shape}, the converter's {theirs.shape}")
        elif np.abs(ours - theirs).max() > 1e-6 * np.abs(ours).max():
            lines.append(f"tensor {name}: differs by {np.abs(ours - theirs).max():.2e}")
    return lines
