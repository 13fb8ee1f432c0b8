"""The three that make masks: quire through its program, llguidance and xgrammar as Python has them."""

import json
import struct
import subprocess

import json_text
import llguidance
import llguidance.numpy
import numpy
import xgrammar


class Quire:
    name = "quire"

    def __init__(self, program, vocabulary):
        self.process = subprocess.Popen([program, vocabulary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask("vocabulary")
        self.size, ends = struct.unpack("<II", self.read(8))
        self.ends = list(struct.unpack(f"<{ends}I", self.read(4 * ends)))
        self.texts = [self.read(struct.unpack("<I", self.read(4))[0]) for _ in range(self.size)]

    def read(self, size):
        data = self.process.stdout.read(size)
        if len(data) != size:
            raise SystemExit("quire's program has ended")
        return data

    def ask(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, command):
        self.ask(command)
        return self.process.stdout.readline().decode().rstrip("\n")

    def compile(self, schema):
        answer = self.line("schema " + schema)
        if answer != "ok":
            raise ValueError(answer)

    def start(self, tokens=()):
        self.ask("begin")
        for token in tokens:
            self.accept(token)
        return self

    def mask(self):
        self.ask("mask")
        words = numpy.frombuffer(self.read((self.size + 63) // 64 * 8), dtype=numpy.uint8)
        return numpy.unpackbits(words, bitorder="little")[: self.size].astype(bool)

    def accept(self, token):
        self.ask(f"accept {token}")

    def end(self, text):
        """The fewest bytes that make the beginning `text` complete; None: there are none."""
        self.process.stdin.write(b"end %d\n%b" % (len(text), text))
        self.process.stdin.flush()
        size = struct.unpack("<I", self.read(4))[0]
        return None if size == 0xFFFFFFFF else self.read(size)

    def ended(self, tokens):
        """The shortest whole text of an answer that begins with `tokens`; None: there is none."""
        text = b"".join(self.texts[token] for token in tokens)
        if tokens[-1] in self.ends:
            return text
        end = self.end(text)
        return None if end is None else text + end

    def writes(self, text):
        return "\n" not in text and self.line("matches " + text) == "1"

    def writes_rearranged(self, text):
        return "\n" not in text and self.line("arranges " + text) == "1"


def rank_of(text):
    if text == b'"':
        return 0
    if text in (b"}", b"]"):
        return 1
    if text == b",":
        return 2
    if len(text) == 1 and text.isalnum():
        return 3
    if text in (b":", b"{", b"[", b"-"):
        return 4
    return 9 if text.strip(b" \t\r\n") != text or not text.isascii() else 5


class Peer:
    """`start` gives an answer with mask() and accept(token)."""

    TOKENS_MAX = 400
    TRIED_FIRST = 256

    def __init__(self, quire, random):
        self.quire, self.size, self.ends = quire, quire.size, quire.ends
        self.bytes = {text[0]: token for token, text in enumerate(quire.texts) if len(text) == 1}
        # What ends a text soonest comes first; blanks last. Ties are broken by chance.
        rank = random.random(quire.size) + [rank_of(text) for text in quire.texts]
        rank[quire.ends] = -1
        self.order = rank.argsort()

    def ended(self, tokens):
        """A whole text of an answer that begins with `tokens`; None: none was found. Where quire could end the text, its
        blanks aside, it ends in that way if it can: chance might add what is wrong for another reason, or come to no end.
        """
        text = b"".join(self.quire.texts[token] for token in tokens)
        if tokens[-1] in self.ends:
            return text
        for plain in (text, json_text.beginning_without_space(text)):
            end = self.quire.end(plain)
            if end is not None and self.takes(text + end):
                return text + end
        answer = self.start(tokens)
        for _ in range(self.TOKENS_MAX):
            token = self.first_of(answer.mask())
            if token is None:
                return None
            if token in self.ends:
                return text
            answer.accept(token)
            text += self.quire.texts[token]
        return None

    def first_of(self, mask):
        for order in (self.order[: self.TRIED_FIRST], self.order):
            token = order[mask[order].argmax()]
            if mask[token]:
                return int(token)
        return None

    def writes(self, text):
        return self.takes(text.encode())

    def takes(self, text):
        answer = self.start()
        for byte in text:
            if not answer.accept(self.bytes[byte]):
                return False
        return bool(answer.mask()[self.ends[0]])


class Answer:
    def __init__(self, size, fill, accept):
        self.size, self.fill, self.accept = size, fill, accept
        self.words = numpy.zeros((1, (size + 31) // 32), dtype=numpy.int32)

    def mask(self):
        self.words[:] = 0
        self.fill(self.words)
        return numpy.unpackbits(self.words.view(numpy.uint8)[0], bitorder="little")[: self.size].astype(bool)


class Llguidance(Peer):
    name = "llguidance"

    def __init__(self, quire, random):
        super().__init__(quire, random)

        own_bytes = self.bytes

        class Vocabulary:
            eos_token_id, bos_token_id, special_token_ids = quire.ends[0], None, quire.ends
            tokens = [text or b"\xff[%d]" % token for token, text in enumerate(quire.texts)]

            def __call__(self, text):  # no mask depends on it
                return [own_bytes[byte] for byte in (text if isinstance(text, bytes) else text.encode())]

        wrapper = llguidance.TokenizerWrapper(Vocabulary())
        self.tokenizer = llguidance.LLTokenizer(wrapper, n_vocab=quire.size, eos_token=quire.ends)

    def compile(self, schema):
        self.grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)
        error = llguidance.LLMatcher.validate_grammar(self.grammar, self.tokenizer)
        if error:
            raise ValueError(error)
        self.first = llguidance.LLMatcher(self.tokenizer, self.grammar, log_level=0)

    def start(self, tokens=()):
        matcher = self.first.deep_copy()
        for token in tokens:
            matcher.consume_token(int(token))

        def fill(words):
            if matcher.is_stopped():  # so it is as soon as nothing but the end may come
                if matcher.is_accepting():
                    for end in self.ends:
                        words[0, end // 32] |= numpy.uint32(1 << end % 32).view(numpy.int32)
            elif not matcher.is_error():
                llguidance.numpy.fill_next_token_bitmask(matcher, words)

        return Answer(self.size, fill, lambda token: matcher.consume_token(int(token)))


class Xgrammar(Peer):
    name = "xgrammar"

    def __init__(self, quire, random):
        super().__init__(quire, random)
        texts = [text or b"" for text in quire.texts]
        vocabulary = xgrammar.TokenizerInfo(texts, vocab_size=quire.size, stop_token_ids=quire.ends)
        self.compiler = xgrammar.GrammarCompiler(vocabulary, max_threads=1, cache_enabled=False)

    def compile(self, schema):
        try:
            self.grammar = self.compiler.compile_json_schema(schema, strict_mode=False)
        except RuntimeError as error:
            raise ValueError(str(error)) from error

    def start(self, tokens=()):
        matcher = xgrammar.GrammarMatcher(self.grammar)
        for token in tokens:
            matcher.accept_token(int(token))

        def fill(words):
            if not matcher.is_terminated() and not matcher.fill_next_token_bitmask(words, 0):
                words[:] = -1

        return Answer(self.size, fill, lambda token: matcher.accept_token(int(token)))


def schemas(lines):
    for line in lines:
        one = json.loads(line)
        yield one["name"], one["schema"]
