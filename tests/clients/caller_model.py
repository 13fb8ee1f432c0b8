"""A model for trying clients: python3 caller_model.py FILE.gguf

What it says next depends on the last token alone. Its weights are a table: the embedding of a token is its row of the
identity, the layer adds nothing, and the output matrix has for each token how much the next ones are liked. So it is
quick, answers a message with one sentence, calls a tool where some are offered and none has answered yet, and thinks
where the template's `enable_thinking` is true. Which tool, with which arguments, and what an answer of some shape says,
is left to constraints and chance. Needs nothing but Python.
"""

import struct
import sys
from array import array

SENTENCE = ["Hello", " from", " a", " table."]
THOUGHT = ["Should", " I", " greet?"]
MARKS = ["<|end|>", "<|start|>", "<|say|>", "<|call|>", "<|think|>"]  # control tokens
TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>"]  # part of what is said

# Qwen's way to show tools, so that calls are written in Hermes' syntax.
TEMPLATE = """\
{%- if tools %}<|start|>system
<tools>
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}</tools>
For each call, return a json object within <tool_call></tool_call>:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|end|>
{% endif %}
{%- for message in messages %}<|start|>{{ message.role }}
{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}
{%- if message.content %}{{ message.content }}{% endif %}
{%- for call in message.tool_calls %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|end|>
{% endfor %}
{%- if add_generation_prompt %}<|start|>assistant
{% if enable_thinking is defined and enable_thinking %}<|think|>
{%- elif tools and messages[-1].role != 'tool' %}<|call|>
{%- else %}<|say|>
{%- endif %}
{%- endif %}"""


def byte_alphabet():
    """How byte-level BPE writes each byte as a visible character."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def vocabulary():
    alphabet = byte_alphabet()
    words = ["".join(alphabet[byte] for byte in word.encode()) for word in SENTENCE + THOUGHT]
    types = [1] * (256 + len(words)) + [3] * len(MARKS) + [4] * len(TAGS)
    return alphabet + words + MARKS + TAGS, types, ["", *SENTENCE, *THOUGHT, *MARKS, *TAGS]


def likings(texts):
    """For each token what may follow, as logits."""
    count = 255 + len(texts)
    number = {text: 255 + index for index, text in enumerate(texts) if text}
    number |= {chr(byte): byte for byte in range(128)}
    rows = []
    for token in range(count):
        # Inside of a shape the sentence fills strings; else what closes is liked better than what opens.
        row = [0.0 if token < 256 and chr(token).isalnum() else -3.0 for token in range(count)]
        for token_text, liking in {"Hello": 7, '"': 6, "}": 6, "]": 6, "{": 2, "[": 1, ",": 0, " ": -6, "\n": -8, "<": -12}.items():
            row[number[token_text]] = float(liking)
        for mark in [*MARKS, *TAGS]:
            row[number[mark]] = -30.0
        rows.append(row)

    def then(text, following, liking=50.0):
        rows[number[text]][number[following]] = liking

    for chain in (SENTENCE, THOUGHT):
        for text, following in zip(chain, chain[1:]):
            then(text, following)
    then("<|say|>", SENTENCE[0])
    then(SENTENCE[-1], "<|end|>")
    then(SENTENCE[-1], '"', 30.0)  # where the end is not allowed yet
    then(SENTENCE[-1], "</think>", 15.0)
    then("}", "<|end|>", 50.0)
    then("}", "</tool_call>", 30.0)
    then("}", "}", 29.0)
    then("{", "}", 12.0)
    then('"', SENTENCE[0], 12.0)
    then("<|call|>", "<tool_call>")
    then("</tool_call>", "<|end|>")
    then(">", "<|end|>")  # the same, where its bytes were the only way on
    then("<|think|>", "<think>")
    then("<think>", THOUGHT[0])
    then(THOUGHT[-1], "</think>")
    then("</think>", SENTENCE[0])
    return rows


KINDS = {"uint32": 4, "int32": 5, "float32": 6, "bool": 7, "string": 8, "array": 9}


def text_bytes(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value_bytes(value):
    if isinstance(value, str):
        return KINDS["string"], text_bytes(value)
    if isinstance(value, bool):
        return KINDS["bool"], struct.pack("<?", value)
    if isinstance(value, int):
        return KINDS["uint32"], struct.pack("<I", value)
    if isinstance(value, float):
        return KINDS["float32"], struct.pack("<f", value)
    kind = KINDS["string"] if isinstance(value[0], str) else KINDS["int32"]
    parts = [text_bytes(one) if isinstance(one, str) else struct.pack("<i", one) for one in value]
    return KINDS["array"], struct.pack("<IQ", kind, len(value)) + b"".join(parts)


def write(path):
    names, types, texts = vocabulary()
    rows = likings(texts)
    count, head = len(names), 16
    width = (count + 31) // 32 * 32
    padded = [row + [0.0] * (width - count) for row in rows]
    identity = array("f", (1.0 if column == row else 0.0 for row in range(count) for column in range(width)))
    # A row of the output matrix is a next token, a column the token before.
    output = array("f", (padded[column][row] if column < count else 0.0 for row in range(count) for column in range(width)))
    ones = array("f", [1.0]) * width
    nothing = lambda size: array("f", bytes(4 * size))
    tensors = [
        ("token_embd.weight", [width, count], identity),
        ("blk.0.attn_norm.weight", [width], ones),
        ("blk.0.attn_q.weight", [width, head], nothing(width * head)),
        ("blk.0.attn_k.weight", [width, head], nothing(width * head)),
        ("blk.0.attn_v.weight", [width, head], nothing(width * head)),
        ("blk.0.attn_output.weight", [head, width], nothing(head * width)),
        ("blk.0.ffn_norm.weight", [width], ones),
        ("blk.0.ffn_gate.weight", [width, 32], nothing(width * 32)),
        ("blk.0.ffn_up.weight", [width, 32], nothing(width * 32)),
        ("blk.0.ffn_down.weight", [32, width], nothing(32 * width)),
        # The norm of a row of the identity is made 1 again.
        ("output_norm.weight", [width], array("f", [width**-0.5]) * width),
        ("output.weight", [width, count], output),
    ]
    metadata = {
        "general.architecture": "llama",
        "general.name": "caller",
        "llama.block_count": 1,
        "llama.context_length": 65536,
        "llama.embedding_length": width,
        "llama.feed_forward_length": 32,
        "llama.attention.head_count": 1,
        "llama.attention.head_count_kv": 1,
        "llama.attention.key_length": head,
        "llama.attention.value_length": head,
        "llama.attention.layer_norm_rms_epsilon": 1e-9,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": names,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": ["H e"],
        "tokenizer.ggml.eos_token_id": names.index("<|end|>"),
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": TEMPLATE,
    }
    header = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        kind, data = value_bytes(value)
        header += text_bytes(key) + struct.pack("<I", kind) + data
    offset, body = 0, b""
    for name, shape, values in tensors:
        header += text_bytes(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        data = values.tobytes()
        body += data + bytes(-len(data) % 32)
        offset = len(body)
    with open(path, "wb") as file:
        file.write(header + bytes(-len(header) % 32) + body)


if __name__ == "__main__":
    write(sys.argv[1])
