"""The form that conversations have as tokens: special tokens, the template, and which tokens the loss counts."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from tokenizers import Tokenizer

SPECIAL_TOKENS = ("<|bos|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>", "<|pad|>")
BOS, END, USER, ASSISTANT, SYSTEM, PAD = range(len(SPECIAL_TOKENS))
ROLE_TOKENS = {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}

# Each role's token is written out: put together from the message's role it would be text that the client sent, and such
# text never becomes a special token.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|>{% elif message['role'] == 'assistant' %}<|assistant|>"
    "{% else %}<|system|>{% endif %}{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

# Classes of a token as something to predict; the loss weighs them by LOSS_WEIGHTS.
UNCOUNTED, ASKED, ANSWERED = range(3)
LOSS_WEIGHTS = (0.0, 0.1, 1.0)
"""What was asked is learned a little: it teaches the words, and the answer is what matters."""

Messages = Sequence[tuple[str, str]]


def encode_conversations(tokenizer: Tokenizer, conversations: Sequence[Messages]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(token ids as uint16, classes as uint8) of each conversation or plain text."""
    texts = [text for messages in conversations for _, text in messages]
    encodings = iter(tokenizer.encode_batch(texts, add_special_tokens=False))
    return [assemble(messages, [next(encodings).ids for _ in messages]) for messages in conversations]


def assemble(messages: Messages, contents: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    tokens, classes = [BOS], [UNCOUNTED]
    for (role, _), content in zip(messages, contents):
        kind = ANSWERED if role in ("assistant", "text") else ASKED
        if role != "text":
            tokens.append(ROLE_TOKENS[role])
            classes.append(UNCOUNTED if role == "assistant" else ASKED)  # the template writes it, never the model
        tokens += content
        tokens.append(END)
        classes += [kind] * (len(content) + 1)
    return np.array(tokens, dtype=np.uint16), np.array(classes, dtype=np.uint8)
