"""Quick tests of the training tools: python -m unittest test_train (about half a minute; no network, no quire)."""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import unittest
from dataclasses import replace
from itertools import islice
from pathlib import Path

import gguf
import jinja2
import numpy as np
import torch
from tokenizers import Tokenizer

import average
import bpe
import chat
import data
import evaluate
import export
import read_gguf
import train
from corpus import questions, talk, talk_forms, talk_words
from corpus.example import held_out
from corpus.mix import generate, generate_kind, makers, token_shares
from model import Model, ModelConfig, attend
from optimiser import orthogonal

TINY = ModelConfig(vocab=bpe.VOCAB, width=32, layers=2, heads=4, kv_heads=2, head_dim=8, ffn=64)

_shared: dict[str, Tokenizer] = {}


def tokenizer() -> Tokenizer:
    """One for all tests: of the same form as the real one, from less text, so of fewer tokens."""
    if "tokenizer" not in _shared:
        small = bpe.new_tokenizer()
        trainer = bpe.trainers.BpeTrainer(
            vocab_size=1000,
            special_tokens=list(chat.SPECIAL_TOKENS),
            initial_alphabet=sorted(bpe.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        small.train_from_iterator(bpe.corpus_texts(1, 200_000), trainer)
        _shared["tokenizer"] = small
    return _shared["tokenizer"]


class Mixture(unittest.TestCase):
    def test_the_same_seed_gives_the_same_examples(self):
        self.assertEqual(list(generate(5, 300)), list(generate(5, 300)))
        self.assertNotEqual(list(generate(5, 300)), list(generate(6, 300)))

    def test_training_and_held_out_share_no_key(self):
        self.assertFalse(any(held_out(example.key) for example in generate(5, 1000)))
        self.assertTrue(all(held_out(example.key) for example in generate(5, 100, held_out=True)))

    def test_a_passage_answers_a_question_in_one_way(self):
        rng = random.Random(5)
        for asker in questions.ASKERS.values():
            for _ in range(50):
                asked = asker(rng)
                for question, answer in asked.others:
                    if question == asked.question:
                        self.assertEqual(answer, asked.answer, asked)

    def test_a_wording_belongs_to_one_group_and_one_side(self):
        groups = {**talk_forms.IDENTITY, **talk_forms.CHATTING, "greeting": talk_forms.GREETINGS + talk_forms.HOW_ARE_YOU}
        owners: dict[str, set[str]] = {}
        for name, wordings in groups.items():
            for wording in wordings:
                owners.setdefault(talk.bare(wording), set()).add(name)
        self.assertEqual([wording for wording, names in owners.items() if len(names) > 1], [])
        for name, (plain, _) in talk_words.IDENTITY.items():
            known = set(map(talk.bare, plain))
            self.assertFalse(known & set(map(talk.bare, talk.unlike(talk_forms.IDENTITY[name], plain))))

    def test_every_kind_has_examples_on_both_sides(self):
        for kind in makers():
            for side in (False, True):
                self.assertEqual(len(list(generate_kind(kind, 1, 3, side))), 3, kind)

    def test_shares_of_the_text_are_as_wanted(self):
        sizes: dict[str, int] = {}
        for example in generate(1, 20_000):
            sizes[example.kind] = sizes.get(example.kind, 0) + sum(len(text) + 4 for _, text in example.messages)
        total = sum(sizes.values())
        for kind, share in token_shares().items():
            # Standard error of a kind's share at 20,000 examples is below 3 % of it; means of 300 add some 5 %.
            self.assertAlmostEqual(sizes[kind] / total, share, delta=0.2 * share + 0.001, msg=kind)

    def test_the_text_is_clean(self):
        for example in generate(9, 3000):
            for role, text in example.messages:
                self.assertRegex(text, r"\A[\x20-\x7e\n]+\Z")
                self.assertNotIn("<|", text)
                self.assertEqual(text, text.strip())
            self.assertIn(example.messages[-1][0], ("assistant", "text"))


class Tokens(unittest.TestCase):
    def test_text_survives(self):
        for example in generate(3, 200):
            for _, text in example.messages:
                self.assertEqual(tokenizer().decode(tokenizer().encode(text).ids), text)

    def test_digits_are_tokens_one_by_one(self):
        self.assertEqual(tokenizer().encode("17 + 25").tokens, ["1", "7", "\u0120+", "\u0120", "2", "5"])

    def test_conversations_are_those_of_the_template(self):
        messages = (("system", "Be kind."), ("user", "Hi!"), ("assistant", "Hello."), ("user", "Bye"))
        [(tokens, _)] = chat.encode_conversations(tokenizer(), [messages])
        rendered = jinja2.Template(chat.CHAT_TEMPLATE).render(
            messages=[{"role": role, "content": text} for role, text in messages],
            bos_token=chat.SPECIAL_TOKENS[chat.BOS],
        )
        self.assertEqual(tokens.tolist(), tokenizer().encode(rendered).ids)

    def test_the_loss_counts_answers_and_their_end(self):
        for text, kind in (("Hello.", chat.ANSWERED_BRIEFLY), ("Once there was a girl. " * 20, chat.ANSWERED)):
            [(tokens, classes)] = chat.encode_conversations(tokenizer(), [(("user", "Hi!"), ("assistant", text))])
            answer = len(tokenizer().encode(text).ids) + 1
            self.assertEqual(classes.tolist()[-answer:], [kind] * answer)
            self.assertEqual((classes >= chat.ANSWERED).sum(), answer)
            self.assertEqual(tokens[-1], chat.END)

    def test_the_words_that_were_asked_for_are_marked_wherever_the_answer_has_them(self):
        messages = (("user", "A story about Lily and a kite."), ("assistant", "Lily had two kites. Lily's kite flew."))
        [(tokens, classes)] = chat.encode_conversations(tokenizer(), [messages], [("Lily", "kite")])
        marked = tokenizer().decode(tokens[classes == chat.NAMED].tolist())
        self.assertEqual(marked, "Lily kites Lily's kite")
        self.assertEqual(classes[0], chat.UNCOUNTED)


class Packing(unittest.TestCase):
    def test_rows_hold_every_document_whole_and_once(self):
        rng = random.Random(1)
        documents = []
        for index in range(3000):
            values = np.full(rng.randrange(1, 60), 10 + index, dtype=np.uint16)
            documents.append((values, np.full(len(values), chat.ANSWERED, dtype=np.uint8)))
        packer = data.Packer(64)
        rows = [row for document in documents for row in packer.add(document)] + list(packer.rest())
        counts = np.bincount(np.concatenate([tokens for tokens, _ in rows]), minlength=3010)
        self.assertEqual(counts[10:].tolist(), [len(tokens) for tokens, _ in documents])
        for tokens, classes in rows:
            starts = np.flatnonzero(np.diff(tokens.astype(int))) + 1
            self.assertEqual(len(set(tokens.tolist())), len(starts) + 1)  # a document is in one piece
            self.assertTrue(((classes == chat.UNCOUNTED) == (tokens == chat.PAD)).all())
        self.assertEqual(packer.left_out, 0)

    def test_a_document_longer_than_a_row_is_left_out(self):
        packer = data.Packer(8)
        self.assertEqual(list(packer.add((np.zeros(9, np.uint16), np.zeros(9, np.uint8)))), [])
        self.assertEqual(packer.left_out, 1)


class Network(unittest.TestCase):
    def test_attention_is_that_of_pytorch(self):
        q, k, v = (torch.randn(2, 3, 600, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        torch.testing.assert_close(attend(q, k, v), expected, rtol=1e-4, atol=1e-5)

    def test_a_logit_does_not_depend_on_later_tokens(self):
        model = Model(TINY)
        model.initialise(1)
        tokens = torch.arange(20)[None]
        other = tokens.clone()
        other[0, 12:] = 7
        torch.testing.assert_close(model(tokens)[0, :12], model(other)[0, :12])

    def test_orthogonal_has_singular_values_of_about_one(self):
        for shape in ((64, 64), (64, 192), (192, 64)):
            values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(1))))
            self.assertGreater(float(values.max()), 0.8)
            self.assertLess(float(values.max()), 1.3)  # the iteration's bound 1.2, and bf16
            self.assertGreater(float(values.median()), 0.6)

    def test_the_rate_warms_up_stays_and_falls_to_nothing(self):
        plan = train.Plan((700, 300))
        rates = [plan.rate(step) for step in range(1000)]
        self.assertEqual(rates[:20], sorted(rates[:20]))
        self.assertEqual(set(rates[20:700]), {1.0})
        self.assertEqual(rates[700:], sorted(rates[700:], reverse=True))
        self.assertLess(rates[-1], 0.005)
        self.assertEqual([plan.phase_of(step) for step in (0, 699, 700)], [(0, 0), (0, 699), (1, 0)])

    def test_a_run_without_a_decay_keeps_its_rate_to_the_end(self):
        plan = train.Plan((700, 300), decay_share=0.0)
        self.assertEqual({plan.rate(step) for step in range(20, 1000)}, {1.0})


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.tokenizer = self.folder / "tokenizer.json"
        tokenizer().save(str(self.tokenizer))

    def make_data(self, rows: int = 40) -> Path:
        out = self.folder / "data"
        out.mkdir(exist_ok=True)
        record: dict = {"tokenizer_sha256": "none"}
        for seed, (name, row_tokens, _) in enumerate(data.PHASES):
            documents = islice((d for seed in range(9) for d in data.make_chunk(str(self.tokenizer), seed)), 9000)
            tokens, classes, _ = data.pack(documents, row_tokens, rows * 512 // row_tokens)
            data.write_phase(out, name, tokens, classes)
        record["held_out"] = data.write_held_out(out, tokenizer(), 200)
        (out / "data.json").write_text(json.dumps(record))
        return out

    def arguments(self, out: str, threads: int) -> argparse.Namespace:
        shape = {name: value for name, value in TINY.as_dict().items()}
        return argparse.Namespace(
            data=self.folder / "data", out=self.folder / out, tokens=None, minutes=None, seed=1, threads=threads,
            device="cpu", micro_tokens=4096, eager=True, checkpoint_minutes=9, start=None, peak_rate=1.0, skip_tokens=0,
            batch_tokens=train.BATCH_TOKENS, decay_share=train.DECAY_SHARE, **shape,
        )

    def run_to_the_end(self, out: str, threads: int, interrupt_at: int | None = None) -> dict:
        training = train.Training(self.arguments(out, threads))
        if interrupt_at is not None:
            step = training.trainer.step

            def interrupted(*given):
                training.stopped = training.step + 1 == interrupt_at
                return step(*given)

            training.trainer.step = interrupted
        training.run()
        return torch.load(self.folder / out / "checkpoint.pt")

    def test_a_run_ends_alike_however_many_threads_and_interruptions(self):
        self.make_data(rows=96)
        whole = self.run_to_the_end("whole", threads=1)
        self.assertEqual(whole["plan_steps"], (3, 1))  # an interruption below, and both lengths of rows
        self.assertEqual(whole["step"], 4)
        first = self.run_to_the_end("parts", threads=3, interrupt_at=2)
        self.assertEqual(first["step"], 2)
        parts = self.run_to_the_end("parts", threads=2)
        for name, weight in whole["model"].items():
            self.assertTrue(torch.equal(weight, parts["model"][name]), name)

    def test_the_exported_file_holds_the_model(self):
        model = Model(TINY)
        model.initialise(3)
        out = self.folder / "model.gguf"
        export.write_gguf(model, self.tokenizer, out)
        reader = gguf.GGUFReader(out)
        found = {tensor.name: tensor.data for tensor in reader.tensors}
        self.assertEqual(sum(values.size for values in found.values()), model.parameter_count())
        self.assertEqual(len(found), 2 + 9 * TINY.layers)
        q = model.layers[1].attention.qkv.weight[: TINY.heads * TINY.head_dim].detach().numpy()
        # Row 1 of a head in the file is row head_dim / 2 of it here: they turn together with row 0.
        np.testing.assert_array_equal(found["blk.1.attn_q.weight"][1], q[TINY.head_dim // 2])
        np.testing.assert_array_equal(found["blk.1.attn_q.weight"][2], q[1])
        self.assertEqual(reader.fields["tokenizer.ggml.pre"].contents(), "qwen2")
        self.assertEqual(reader.fields["llama.attention.head_count_kv"].contents(), TINY.kv_heads)

    def test_the_mean_of_checkpoints_has_the_mean_of_each_weight(self):
        first, second = ({"step": step, "model": {"x": torch.full((2,), float(step))}} for step in (1, 4))
        mean = average.mean_checkpoint([first, second])
        self.assertEqual(mean["step"], 4)
        self.assertEqual(mean["model"]["x"].tolist(), [2.5, 2.5])

    def test_a_file_that_is_read_back_is_the_model_and_its_tokenizer(self):
        model = Model(TINY)
        model.initialise(3)
        out = self.folder / "model.gguf"
        export.write_gguf(model, self.tokenizer, out)
        found = read_gguf.read_model(out)
        self.assertAlmostEqual(found.config.norm_epsilon, TINY.norm_epsilon)
        self.assertEqual(replace(found.config, norm_epsilon=TINY.norm_epsilon), TINY)
        for name, weight in model.state_dict().items():
            self.assertTrue(torch.equal(weight, found.state_dict()[name]), name)
        text = "Once upon a time, Lily's dog said: \"We'll go!\" 17 + 25<|end|>"
        read, known = read_gguf.read_tokenizer(out), tokenizer()
        self.assertEqual(read.encode(text).ids, known.encode(text).ids)


class Judging(unittest.TestCase):
    def answer(self, text: str, reason: str = "stop") -> evaluate.Answer:
        return evaluate.Answer(text, reason, 10)

    def test_every_example_answers_its_own_check(self):
        for kind in makers():
            for example in generate_kind(kind, 4, 20, True):
                if example.check:
                    self.assertTrue(evaluate.is_right(self.answer(example.messages[-1][1]), example.check), example)

    def test_faults_are_found(self):
        story = "Tom had a kite. He ran.\n\nHe ran."
        self.assertEqual(evaluate.story_faults(self.answer(story), ["Tom"]), ["repeats a sentence"])
        self.assertEqual(
            evaluate.story_faults(self.answer("Tom ran.", "length"), ["kite"]),
            ["does not name everything", "does not end"],
        )
        self.assertFalse(evaluate.names("A caterpillar came.", "cat"))
        self.assertTrue(evaluate.names("The Cats came.", "cat"))
        self.assertFalse(evaluate.is_right(self.answer("43"), {"exact": "42"}))
        self.assertFalse(evaluate.is_right(self.answer("42", "length"), {"exact": "42"}))


if __name__ == "__main__":
    unittest.main()
