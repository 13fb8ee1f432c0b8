#!/usr/bin/env python3
"""Where pre-tokenizers cut texts, by Hugging Face's tokenizers, which compile each model's own expressions.

    python3 tools/goldens/pretokenizer_goldens.py tests/data/pretokenizers

Writes texts.jsonl, a text a line, and words.jsonl, a line {"names": [...], "words": [...]} for each set of expressions:
of each text the lengths of its words in code points, one character a word: 0-9, a-z, A-Z for 0 to 61, (N) for more. null:
quire is known to cut it otherwise (superbpe only).

The expressions stand here as tokenizer.json of the models has them, also where quire's are written otherwise so that
long runs take linear time. Needs PyPI's tokenizers.
"""
import json
import pathlib
import random
import string
import sys
import unicodedata

from tokenizers import Regex, pre_tokenizers

import tokenizer_goldens as goldens

SEED = 20261129
TEXTS = 350

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
UPPER_NOT_HAN = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
LOWER_NOT_HAN = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
LEAD = r"[^\r\n\p{L}\p{N}]?"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
CASED_SIGNS = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL


def cased(upper, lower, end):
    return f"{LEAD}{upper}*{lower}+{end}|{LEAD}{upper}+{lower}*{end}"


GPT4O = cased(UPPER, LOWER, CONTRACTIONS + "?") + r"|\p{N}{1,3}" + CASED_SIGNS
SIGNED = (r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
          + TAIL)
KANJI = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
DEEPSEEK_CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
BLOOM = " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
ASIA = ("[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff"
        "\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+")
YOUTU = ("[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+"
         "|[\u3105-\u312f]+|" + KANJI)

EXPRESSIONS = [
    (["default"], [r"[\p{P}\$\+<=>\^~\|]+", goldens.GPT2, r"\p{N}+", "[0-9][0-9][0-9]"]),
    (["gpt-2", "phi-2", "mpt", "olmo", "modern-bert", "exaone4", "gigachat", "jais", "mellum", "trillion",
      "granite-docling", "a.x-4.0", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code",
      "roberta-bpe"], [goldens.GPT2]),
    (["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "jina-v5-nano", "lfm2", "dbrx",
      "smaug-bpe", "glm4", "glm5", "chatglm-bpe"], [goldens.LLAMA3]),
    (["jais-2"], [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
                  + "".join(r"|\s{%d}(?!\S)" % n for n in (512, 256, 128, 64, 32, 16, 8, 4)) + r"|\s{1,2}(?!\S)|\s{1}"]),
    (["minicpm5"], [r"\p{N}{1,3}", CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL]),
    (["qwen2", "deepseek-r1-qwen", "f2llmv2", "stablelm2", "megrez", "hunyuan", "kormo", "solar-open", "grok-2"],
     [goldens.QWEN2]),
    (["qwen35"], [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + TAIL]),
    (["laguna"], ["[^\n]+|[\n]+", goldens.QWEN2]),
    (["ufakzeka"], [r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL]),
    (["seed-coder"], [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+" + TAIL]),
    (["bailingmoe", "bailingmoe2", "llada-moe"],
     [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"]),
    (["exaone-moe"], [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
                      r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"]),
    (["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2", "granite-embed-multi-97m"], [GPT4O]),
    (["tiny_aya", "cohere2moe"], [r"\d{1,3}(?=(?:\d{3})*\b)", GPT4O]),
    (["tekken"], [cased(UPPER, LOWER, "") + r"|\p{N}" + CASED_SIGNS]),
    (["youtu"], [YOUTU, cased(UPPER, LOWER, CONTRACTIONS + "?") + r"|\p{N}" + CASED_SIGNS]),
    (["kimi-k2"], [r"[\p{Han}]+|" + cased(UPPER_NOT_HAN, LOWER_NOT_HAN, CONTRACTIONS + "?")
                   + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL]),
    (["deepseek-llm"], goldens.DEEPSEEK),
    (["deepseek-coder"], [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", DEEPSEEK_CJK, r"\p{N}"]),
    (["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"], [r"\p{N}{1,3}", KANJI, SIGNED]),
    (["spark2_5"], [r"\p{N}{1,3}", KANJI, SIGNED.replace(r"+[\r\n]*|\s*[\r\n]+", r"+|[\r\n]"), r"\p{N}"]),
    (["afmoe"], [r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", ASIA, SIGNED]),
    (["superbpe"], [r"\p{N}+", r"(?=(\d{3})+(?!\d))"]),
    (["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"],
     [r"\p{N}", goldens.GPT2]),
    (["bloom", "poro-chat", "gpt3-finnish"], [BLOOM]),
    (["viking"], [BLOOM, r"\p{N}"]),
    (["falcon"], [r"[\p{P}\$\+<=>\^~\|`]+", goldens.GPT2, "[0-9][0-9][0-9]"]),
    (["chameleon"], ["<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", r"([\t\n]|    |  )", r"\p{N}",
                     r"[\p{P}!-/:-@\[-`{-~]", goldens.GPT2]),
]

# Beside the pools of tokenizer_goldens: what these expressions tell apart.
POOLS = goldens.POOLS + [
    ["camelCase", "HTTPServer", "iPhone", "\u01c5abc", "\u0391\u0392\u03b3", "ABC's", "It'S", "we'Ve", "'tis", "\u02b0a", "\u00aa"],
    ["a\u0301b", "\u0301", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e2a\u0e27\u0e31\u0e2a", "\u0627\u064e", " \u0301a", "n\u0303o", "\u20dd"],
    ["1234567", "12", "123456", "0000", "3.14159", "1,234,567", "x86_64", "0xFF", "2nd", "\u0967\u0968\u0969\u096a", "12ab"],
    ["for (int i = 0; i < n; ++i) {\n", "    return x;\n", "/* a */", "//", "://", "\t\tif x:\r\n", "#include <a>", "a->b", "==", "!=/\n",
     "<sentinel:12>", "IMGIMGABCZ", "f(x)[0]"],
    [" " * 4, " " * 7, " " * 17, "\n\n\n", " \n ", "\n  ", "\r\n\r\n", "\t \t", "  \u4e2d", " a", "\u2003\u2003x", "\n" * 5],
    ["\u4e2d\u6587", "\u3005", "\u30fc\u30fb", "\u2e80", "\u3007", "\u4e2d A", "\u4e2dabc", "\u3042\u30a2\u6f22", "\u3105\u3106", "\uac00\u3131", "\uff76\uff9e",
     "\u1112\u1161", "\u1780\u17d2", "\u1019\u103c", "\u0eaa\u0eb0"],
    ["\u060c", "\u0964", "\u06d4", "\u2026", "\u201c\u201d", "\u2014", "\uff01\uff1a", "(|)", "\u00a7", "\u20ac", "\u2264", "\u00ac", "\u2500"],
]
# Sentences as people write them.
SENTENCES = [
    "The quick brown fox can't jump over 13 lazy dogs; it's 2026-11-29!",
    "Der Fluss f\u00fchrt Hochwasser, sagt Frau M\u00fcller: \u201eAlles geschlossen.\u201c",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0421\u0442\u043e\u0438\u0442 1\u00a0234,50 \u0440\u0443\u0431.",
    "\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u5427\u3002ABC 123\u3002",
    "\u6771\u4eac\u90fd\u306e\u4eba\u53e3\u306f\u7d041400\u4e07\u4eba\u3067\u3059\u3002\u30ab\u30bf\u30ab\u30ca\u3082\u3002",
    "\uc548\ub155\ud558\uc138\uc694, \ubc18\uac11\uc2b5\ub2c8\ub2e4! 3\uc6d4 14\uc77c",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645\u060c \u0643\u064a\u0641 \u0627\u0644\u062d\u0627\u0644\u061f",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964 \u092e\u0947\u0930\u093e \u0928\u093e\u092e \u0930\u093e\u092e \u0939\u0948\u0964",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01 100 \u0e1a\u0e32\u0e17",
    "def f(x):\n    return {k: v**2 for k, v in x.items() if k != 'a'}\n\n\nprint(f({}))",
    "SELECT COUNT(*) FROM users WHERE name LIKE '%O''Brien%' AND age >= 1000000;",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f1e9\U0001f1ea flags \u2764\ufe0f and  two   three    four spaces",
]


def text_of(rng, index):
    if index < len(SENTENCES):
        return SENTENCES[index]
    if index % 40 == 0:  # runs around the lengths at which jais-2 cuts
        return "a" + " " * rng.choice([31, 64, 129, 300, 513, 1100]) + rng.choice(["b", "\n", "", " \nb"])
    return goldens.random_text(rng, POOLS)


def mixes_numbers(text):
    """Whether decimal digits stand beside other numbers, which quire's expressions of superbpe take for one run."""
    kinds = [unicodedata.category(c) for c in text]
    return any({a, b} & {"Nd"} and {a, b} & {"Nl", "No"} for a, b in zip(kinds, kinds[1:]))


def lengths(expressions, text):
    cut = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(one), behavior="isolated") for one in expressions])
    digits = string.digits + string.ascii_letters
    sizes = [end - begin for _, (begin, end) in cut.pre_tokenize_str(text)]
    assert sum(sizes) == len(text)
    return "".join(digits[size] if size < len(digits) else f"({size})" for size in sizes)


def main():
    out = pathlib.Path(sys.argv[1])
    rng = random.Random(SEED)
    texts = [text_of(rng, index) for index in range(TEXTS)]
    dump = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"
    with open(out / "texts.jsonl", "w", encoding="utf-8") as lines:
        lines.writelines(map(dump, texts))
    with open(out / "words.jsonl", "w", encoding="utf-8") as lines:
        for names, expressions in EXPRESSIONS:
            compared = [not (names == ["superbpe"] and mixes_numbers(text)) for text in texts]
            lines.write(dump({"names": names, "words": [
                lengths(expressions, text) if same else None for text, same in zip(texts, compared)]}))


if __name__ == "__main__":
    main()
