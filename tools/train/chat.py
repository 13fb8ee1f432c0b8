"""The form that conversations have as tokens: special tokens, the template, and which tokens the loss counts."""

from __future__ import annotations

import re
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
UNCOUNTED, ASKED, ANSWERED, ANSWERED_BRIEFLY, NAMED = range(5)
LOSS_WEIGHTS = (0.0, 0.1, 1.0, 2.0, 4.0)
"""What was asked is learned a little: it teaches the words, and the answer is what matters. Most answered tokens are of
stories, where many words would do; a short answer has one right word after another, and in a story the words that the
request named are what it must not miss."""

BRIEF_TOKENS_MAX = 40

Messages = Sequence[tuple[str, str]]


def encode_conversations(
    tokenizer: Tokenizer, conversations: Sequence[Messages], named: Sequence[Sequence[str]] | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(token ids as uint16, classes as uint8) of each conversation or plain text; `named` has for each the words that
    its last message was asked to name."""
    texts = [text for messages in conversations for _, text in messages]
    encodings = iter(tokenizer.encode_batch(texts, add_special_tokens=False))
    encoded = []
    for index, messages in enumerate(conversations):
        contents = [next(encodings) for _ in messages]
        tokens, classes = assemble(messages, [content.ids for content in contents])
        if named and named[index]:
            begin = len(tokens) - 1 - len(contents[-1].ids)
            for place in places_of(messages[-1][1], named[index], contents[-1].offsets):
                classes[begin + place] = NAMED
        encoded.append((tokens, classes))
    return encoded


def places_of(text: str, words: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """Which of the text's tokens, whose characters are `offsets`, are parts of one of the words."""
    expression = r"\b(?:" + "|".join(re.escape(word) for word in words) + r")(?:s|'s)?\b"
    spans = [match.span() for match in re.finditer(expression, text, re.IGNORECASE)]
    return [place for place, (begin, end) in enumerate(offsets)
            if any(begin < span_end and end > span_begin for span_begin, span_end in spans)]


def assemble(messages: Messages, contents: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    tokens, classes = [BOS], [UNCOUNTED]
    for (role, _), content in zip(messages, contents):
        kind = ASKED
        if role in ("assistant", "text"):
            kind = ANSWERED if role == "text" or len(content) > BRIEF_TOKENS_MAX else ANSWERED_BRIEFLY
        if role != "text":
            tokens.append(ROLE_TOKENS[role])
            classes.append(UNCOUNTED if role == "assistant" else ASKED)  # the template writes it, never the model
        tokens += content
        tokens.append(END)
        classes += [kind] * (len(content) + 1)
    return np.array(tokens, dtype=np.uint16), np.array(classes, dtype=np.uint8)
