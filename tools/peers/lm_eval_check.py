"""Of tools/peers/lm_eval: a tokenizer and tasks for lm-evaluation-harness, and whether what it found is right.

prepare MODEL.gguf WORK            writes WORK/tokenizer and WORK/tasks
check MODEL.gguf WORK QUIRE OUT    compares each log-likelihood in OUT with the rows of `quire logits`
"""

import json
import pathlib
import subprocess
import sys

import numpy

QWEN2_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MAX_LENGTH = 256

CONTEXTS = {
    "Once upon a time, there was a little": [" girl", " boy", " door", " of"],
    "The cat sat on the": [" mat", " sun", " happily"],
    "Lily wanted to play with her": [" ball", " friend", " the", " toy car"],
    "It was raining, so Tom took his": [" umbrella", " hat", " ate"],
    "The dog was sad because it lost its": [" bone", " ball", " said"],
    "\"Thank you,\" said the": [" bird", " girl", "!"],
    "Caf\u00e9, na\u00efve, \u6771\u4eac \U0001f60a:": [" yes", " no", "\u4eac"],
    "1 2 3 4": [" 5", " 6", "\n"],
}
TEXTS = [
    "Once upon a time there was a small house by the sea. A girl lived there with her dog.",
    "Tom and Lily went to the park. They saw a big tree, and they climbed it together. It was fun!",
    " ".join(f"The {word} was red and the {word} was big." for word in ("ball", "car", "cat", "sun", "tree", "hat")) * 12,
]


def field(reader, name, default=None):
    found = reader.get_field(name)
    return default if found is None else found.contents()


def write_tokenizer(model, folder):
    from gguf import GGUFReader
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    reader = GGUFReader(model)
    kind = (field(reader, "tokenizer.ggml.model"), field(reader, "tokenizer.ggml.pre"))
    if kind != ("gpt2", "qwen2"):
        sys.exit(f"{model}: a byte-level vocabulary cut as Qwen2's is wanted, this is {kind}")
    tokens = field(reader, "tokenizer.ggml.tokens")
    types = field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, types) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[field(reader, "tokenizer.ggml.bos_token_id")],
        eos_token=tokens[field(reader, "tokenizer.ggml.eos_token_id")],
    ).save_pretrained(folder)


def write_tasks(folder):
    folder.mkdir()
    choices = [{"context": c, "choices": o, "answer": 0} for c, o in CONTEXTS.items()]
    rolling = [{"text": text} for text in TEXTS]
    for name, lines in (("choices", choices), ("rolling", rolling)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    common = "dataset_path: json\ntest_split: test\n"
    (folder / "quire_choices.yaml").write_text(
        f"task: quire_choices\n{common}dataset_kwargs:\n  data_files:\n    test: {folder}/choices.jsonl\n"
        'output_type: multiple_choice\ndoc_to_text: "{{context}}"\ndoc_to_choice: "{{choices}}"\n'
        'doc_to_target: "{{answer}}"\ntarget_delimiter: ""\nmetric_list:\n  - metric: acc\n'
    )
    (folder / "quire_rolling.yaml").write_text(
        f"task: quire_rolling\n{common}dataset_kwargs:\n  data_files:\n    test: {folder}/rolling.jsonl\n"
        'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: "{{text}}"\n'
        "metric_list:\n  - metric: byte_perplexity\n"
    )


class Judge:
    """What the rows of `quire logits` say of tokens."""

    def __init__(self, model, work, quire):
        from transformers import AutoTokenizer

        self.model, self.work, self.quire = model, work, quire
        self.tokenizer = AutoTokenizer.from_pretrained(work / "tokenizer")
        self.known = {}

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def rows(self, tokens):
        key = tuple(tokens)
        if key not in self.known:
            out = self.work / "rows.f32"
            command = [self.quire, "logits", self.model, "--tokens", ",".join(map(str, tokens)), "--out", out]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            rows = numpy.fromfile(out, dtype="<f4").reshape(len(tokens), -1).astype(numpy.float64)
            rows -= rows.max(axis=1, keepdims=True)
            self.known[key] = rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))
        return self.known[key]

    def likelihood(self, context, continuation):
        """As the harness cuts them: the sum over the continuation, whether each token is the likeliest, and how many."""
        tokens = (context + continuation)[-(MAX_LENGTH - 1) :]
        first = len(tokens) - len(continuation)
        rows = self.rows(tokens)[first - 1 : -1]
        picked = [rows[i][token] for i, token in enumerate(continuation)]
        return sum(picked), all(rows[i].argmax() == token for i, token in enumerate(continuation)), len(picked)

    def choice(self, context, continuation):
        spaces = len(context) - len(context.rstrip())
        if spaces:
            context, continuation = context[:-spaces], context[-spaces:] + continuation
        whole, begin = self.ids(context + continuation), self.ids(context)
        return self.likelihood(begin, whole[len(begin) :])

    def rolling(self, text):
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        windows = get_rolling_token_windows(
            token_list=self.ids(text), prefix_token=self.tokenizer.bos_token_id, max_seq_len=MAX_LENGTH - 2, context_len=1
        )
        parts = [self.likelihood(*make_disjoint_window(window)) for window in windows]
        return sum(part[0] for part in parts), None, sum(part[2] for part in parts)


def check(model, work, quire, out):
    judge = Judge(model, work, quire)
    count, worst, wrong = 0, 0.0, 0
    for path in sorted(pathlib.Path(out).rglob("samples_*.jsonl")):
        for line in filter(None, path.read_text().split("\n")):  # splitlines() would cut within strings
            sample = json.loads(line)
            for arguments, response in zip(sample["arguments"].values(), sample["resps"]):
                texts, found = list(arguments.values()), response[0]
                rolls = len(texts) == 1
                expected, greedy, tokens = judge.rolling(*texts) if rolls else judge.choice(*texts)
                value = float(found if rolls else found[0])
                difference = abs(value - expected)
                worst, count = max(worst, difference / tokens), count + 1
                # A log-probability is a float32 of at most some 30, rounded once; the sums are in float64.
                same = difference <= tokens * 2.0**-18 and (rolls or str(found[1]) == str(greedy))
                wrong += not same
                if not same:
                    print(f"differs: {texts}: {found}, of the rows {expected} {greedy}")
    print(f"{count} log-likelihoods, {wrong} wrong; a token's log-probability differs by at most {worst:.2e}")
    if count == 0 or wrong > 0:
        sys.exit(1)


def main():
    verb, model, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    if verb == "prepare":
        write_tokenizer(model, work / "tokenizer")
        write_tasks(work / "tasks")
    else:
        check(model, work, sys.argv[4], sys.argv[5])


main()
