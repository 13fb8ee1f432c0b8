"""Goldens of model families: tiny models, and what Hugging Face transformers computes with them.

    python3 -m tools.goldens.families tests/data/families [NAME...] [--witness bench/peers] [--converter FOLDER]

(from the root of the tree; all goldens without a NAME). It needs torch, transformers 5.24.0, gguf 0.19.0 and numpy from
PyPI. A golden is one JSON file and no weights: what a GGUF file says of the model, the shapes of its tensors, 48 tokens and
the logits of every third of them (of an encoder: its rows, and the vector that they become). What the tensors hold is a
function of their names and shapes, which weights.py and tests/model/family_goldens_test.cpp both compute.

The direction is from the file to the model: tensors are made as a file would hold them, and transformers' parameters are
filled with them by the inverse of what llama.cpp's converter does with a checkpoint. Nothing may be left over on either side.

--witness PEERS: writes the file too, and shows how far llama.cpp is from transformers with it. PEERS is a folder like
    bench/peers, with npm's packages in it.
--converter FOLDER: llama.cpp's own converter (its source tree's root, as in PyPI's llama-cpp-python 0.3.36, vendor/llama.cpp)
    is run on the transformers model, and its file must have the golden's keys and tensors (within 1e-6).

weights.py    what tensors hold, and how parameters are read from them
family.py     what a family is; common settings, names and keys
golden.py     makes a golden
witness.py    llama.cpp's logits; converter.py  llama.cpp's converter
dense.py, gemma.py, experts.py, latents.py, recurrent.py, mtp.py, encoders.py   the families
"""
