"""Models that make vectors and ranks of texts: encoders, whose rows all see each other, and decoders used so."""
import torch
import transformers as tf

from .dense import gemma_names, rope, two_ropes
from .family import *
from .weights import *

POOLING_TYPES = {"mean": 1, "cls": 2, "last": 3, "rank": 4}


def pooled(rows, pooling):
    return {"mean": rows.mean(0), "cls": rows[0], "last": rows[-1]}[pooling]


def vector(model, ids):
    rows = model(input_ids=ids).last_hidden_state[0]
    return {"rows": rows, "pooled": pooled(rows, model.config.pooling)}


def pooling_files(c):
    """How a checkpoint of sentence-transformers says what its vector is."""
    mode = {"mean": "mean_tokens", "cls": "cls_token", "last": "lasttoken"}[c.pooling]
    return {"modules.json": [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}],
            "1_Pooling/config.json": {f"pooling_mode_{mode}": True}}


def pooling_key(c):
    return {"pooling_type": POOLING_TYPES[c.pooling]}


def encoder_keys(c):
    keys = {key: value for key, value in decoder_keys(c).items()}
    return keys | {"attention.layer_norm_epsilon": float(c.layer_norm_eps), "attention.causal": False,
                   "tokenizer.ggml.token_type_count": c.type_vocab_size}


def bert_keys(c):
    return encoder_keys(c) | pooling_key(c)


BERT_TOP = {"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
            "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm"}
BERT_LAYER = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
              "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
              "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}


def bert_names(c, prefix=""):
    names = BERT_TOP | {f"encoder.layer.{{}}.{part}": f"blk.{{}}.{name}" for part, name in BERT_LAYER.items()}
    return {prefix + part: name for part, name in names.items()}


def below(name, count):
    """Rows from the count-th on; those before it, which positions of a text never have, are not in the file."""
    return lambda take, shape: np.concatenate([np.zeros((count, shape[1]), np.float32),
                                               take(name, (shape[0] - count, shape[1]))])


def roberta_names(c, prefix=""):
    """Positions begin after the padding's."""
    return bert_names(c, prefix) | {f"{prefix}embeddings.position_embeddings": below("position_embd", c.pad_token_id + 1)}


def roberta_keys(c):
    return encoder_keys(c) | {"context_length": c.max_position_embeddings - c.pad_token_id - 1}


def ranker_names(c):
    return roberta_names(c, "roberta.") | {"classifier.dense": "cls", "classifier.out_proj": "cls.output"}


def rank(model, ids):
    return {"rank": model(input_ids=ids).logits[0]}


def fused(c, names):
    """q, k and v are rows of one tensor."""
    width = c.hidden_size
    return names | {f"layers.{{}}.self_attn.{letter}_proj": rows("blk.{}.attn_qkv", index * width, 3 * width)
                    for index, letter in enumerate("qkv")}


ROPE_ENCODER = {"layers.{}.self_attn.o_proj": "blk.{}.attn_output",
                "layers.{}.post_attention_layernorm": "blk.{}.attn_output_norm",
                "layers.{}.post_mlp_layernorm": "blk.{}.layer_output_norm"}


def nomic_names(c):
    gates = {f"layers.{{}}.mlp.{part}_proj": f"blk.{{}}.ffn_{part}" for part in ("gate", "up", "down")}
    return fused(c, BERT_TOP | ROPE_ENCODER | gates)


def jina_names(c):
    return fused(c, BERT_TOP | ROPE_ENCODER | {"layers.{}.mlp.fc1": "blk.{}.ffn_up", "layers.{}.mlp.fc2": "blk.{}.ffn_down"})


def jina_keys(c):
    return bert_keys(c) | {"context_length": c.max_position_embeddings - c.pad_token_id - 1}


class Gelu(torch.nn.Module):
    """down(gelu(up(x)))"""

    def __init__(self, c):
        super().__init__()
        self.up = torch.nn.Linear(c.hidden_size, c.intermediate_size)
        self.down = torch.nn.Linear(c.intermediate_size, c.hidden_size)

    def forward(self, x):
        return self.down(torch.nn.functional.gelu(self.up(x)))


class GeluExperts(torch.nn.Module):
    """The experts with the largest softmax scores, weighted by these as they are."""

    def __init__(self, c):
        super().__init__()
        self.router = torch.nn.Linear(c.hidden_size, c.num_experts, bias=False)
        self.up = torch.nn.Parameter(torch.zeros(c.num_experts, c.intermediate_size, c.hidden_size))
        self.down = torch.nn.Parameter(torch.zeros(c.num_experts, c.hidden_size, c.intermediate_size))
        self.used = c.moe_top_k

    def forward(self, x):
        weights, chosen = self.router(x).softmax(-1).topk(self.used, -1)
        every = torch.einsum("bti,ewi->btew", x, self.up)
        every = torch.einsum("btew,eow->bteo", torch.nn.functional.gelu(every), self.down)
        found = torch.gather(every, 2, chosen.unsqueeze(-1).expand(*chosen.shape, every.shape[-1]))
        return (weights.unsqueeze(-1) * found).sum(2)


def nomic_moe(c):
    """transformers has Nomic's encoder without experts; its FFN is put in here, with biases for q, k, v and output."""
    model = tf.NomicBertModel(c)
    for index, layer in enumerate(model.layers):
        layer.mlp = GeluExperts(c) if index % c.moe_every_n_layers == 1 else Gelu(c)
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            old = getattr(layer.self_attn, part)
            setattr(layer.self_attn, part, torch.nn.Linear(old.in_features, old.out_features))
    return model


def nomic_moe_names(c):
    ffn = {"layers.{}.mlp.up": "blk.{}.ffn_up", "layers.{}.mlp.down": "blk.{}.ffn_down",
           "layers.{}.mlp.router": "blk.{}.ffn_gate_inp"}
    names = {}
    for index in range(c.num_hidden_layers):
        if index % c.moe_every_n_layers == 1:  # parameters without an ending: the experts
            names |= {f"layers.{index}.mlp.{part}": f"blk.{index}.ffn_{part}_exps.weight" for part in ("up", "down")}
    return fused(c, BERT_TOP | ROPE_ENCODER | ffn) | names


def nomic_moe_keys(c):
    return bert_keys(c) | {"moe_every_n_layers": c.moe_every_n_layers, "expert_count": c.num_experts,
                           "expert_used_count": c.moe_top_k}


def modern_names(c, prefix=""):
    layer = {"attn_norm": "attn_norm", "attn.Wqkv": "attn_qkv", "attn.Wo": "attn_output", "mlp_norm": "ffn_norm",
             "mlp.Wi": "ffn_up", "mlp.Wo": "ffn_down"}
    names = {"embeddings.tok_embeddings": "token_embd", "embeddings.norm": "token_embd_norm", "final_norm": "output_norm"}
    names |= {f"layers.{{}}.{part}": f"blk.{{}}.{name}" for part, name in layer.items()}
    return {prefix + part: name for part, name in names.items()} | {"head.dense": "cls", "head.norm": "cls.norm",
                                                                    "classifier": "cls.output"}


def modern_keys(c):
    keys = decoder_keys(c) | {
        "attention.layer_norm_rms_epsilon": float(c.norm_eps), "attention.layer_norm_epsilon": float(c.norm_eps),
        "attention.causal": False, "attention.sliding_window": c.local_attention, "rope.scaling.type": "none",
        "attention.sliding_window_pattern": c.global_attn_every_n_layers, "vocab_size": c.vocab_size,
        "hidden_activation": c.hidden_activation, "classifier.pooling_type": POOLING_TYPES[c.classifier_pooling]}
    return keys | (pooling_key(c) if hasattr(c, "pooling") else {})


def gemma_vector(model, ids):
    rows = model(input_ids=ids).last_hidden_state[0]
    return {"rows": rows, "pooled": model.after(pooled(rows, "mean"))}


def gemma_encoder(c):
    """Gemma 3's text model, and what sentence-transformers puts behind it."""
    model = tf.Gemma3TextModel(c)
    sizes = [c.hidden_size, c.dense_size, c.hidden_size]
    model.after = torch.nn.Sequential(*(torch.nn.Linear(i, o, bias=False) for i, o in zip(sizes, sizes[1:]))
                                      if c.dense_size else ())
    return model


def gemma_encoder_names(c):
    return under("", gemma_names(c)) | {"after.0": "dense_2", "after.1": "dense_3"}


def gemma_encoder_keys(c):
    keys = decoder_keys(c) | pooling_key(c) | {"attention.sliding_window": c.to_dict()["sliding_window"]}
    if c.dense_size:
        keys |= {"dense_2_feat_in": c.hidden_size, "dense_2_feat_out": c.dense_size, "dense_3_feat_in": c.dense_size,
                 "dense_3_feat_out": c.hidden_size}
    return keys


YES, NO = 5, 9  # ids of the answers' tokens


def answer_rows(take, shape):
    """A head of which the file has two rows only."""
    head = np.zeros(shape, np.float32)
    head[[YES, NO]] = take("cls.output", (2, shape[1]))
    return head


def answer(model, ids):
    logits = model(input_ids=ids, use_cache=False).logits[0, -1]
    return {"rank": logits[[YES, NO]].softmax(-1)}


BERT = dict(num_key_value_heads=..., tie_word_embeddings=True, layer_norm_eps=1e-6, type_vocab_size=2)
ROBERTA = BERT | dict(pad_token_id=1, type_vocab_size=1)

FAMILIES = [
    Family("bert", tf.BertConfig, tf.BertModel, names=bert_names, keys=bert_keys, run=vector, checkpoint=pooling_files,
           settings=BERT, absent=("pooler",),
           variants={
               "bert": ("norms after, learned positions, token types, GELU; mean of the rows", dict(pooling="mean")),
               "bert-cls": ("the first row", dict(pooling="cls")),
           }),
    Family("bert", tf.XLMRobertaConfig, tf.XLMRobertaModel, names=roberta_names, keys=lambda c: roberta_keys(c) | pooling_key(c),
           run=vector, checkpoint=pooling_files, settings=ROBERTA, absent=("pooler",),
           variants={"bert-roberta": ("XLM-R: positions begin after the padding's; the first row", dict(pooling="cls"))}),
    Family("bert", tf.XLMRobertaConfig, tf.XLMRobertaForSequenceClassification, names=ranker_names, run=rank,
           keys=lambda c: roberta_keys(c) | {"classifier.output_labels": ["LABEL_0"]}, settings=ROBERTA | dict(num_labels=1),
           variants={"bert-rerank": ("XLM-R with a classifier: a rank", {})}),
    Family("nomic-bert", tf.NomicBertConfig, tf.NomicBertModel, names=nomic_names, keys=bert_keys, run=vector,
           converts="it reads the form that was published before transformers had the model", absent=("pooler",),
           settings=BERT | rope(theta=1000.0),
           variants={
               "nomic-bert": ("rope instead of positions, q, k, v in one matrix, SwiGLU, no biases; mean of the rows",
                              dict(pooling="mean")),
           }),
    Family("nomic-bert-moe", tf.NomicBertConfig, nomic_moe, names=nomic_moe_names, keys=nomic_moe_keys, run=vector,
           converts="it reads the form that was published", absent=("pooler",),
           settings=BERT | rope(theta=10000.0) | dict(type_vocab_size=1, num_hidden_layers=4, num_experts=4, moe_top_k=2,
                                                      moe_every_n_layers=2, pooling="mean"),
           variants={"nomic-bert-moe": ("experts in every second layer, weights of the chosen as they are; GELU, biases", {})}),
    Family("jina-bert-v3", tf.JinaEmbeddingsV3Config, tf.JinaEmbeddingsV3Model, names=jina_names, keys=jina_keys, run=vector,
           converts="it reads the form that was published before transformers had the model", absent=("pooler",),
           settings=ROBERTA | rope(theta=20000.0),
           variants={"jina-bert-v3": ("rope, q, k, v in one matrix with biases, GELU; mean of the rows", dict(pooling="mean"))}),
    Family("modern-bert", tf.ModernBertConfig, tf.ModernBertModel, names=modern_names, keys=modern_keys, run=vector,
           checkpoint=pooling_files,
           settings=dict(num_key_value_heads=..., num_hidden_layers=4, local_attention=8, layer_norm_eps=1e-5, norm_eps=1e-5,
                         global_attn_every_n_layers=3, cls_token_id=1, sep_token_id=2,
                         **two_ropes(rope(theta=160000.0), rope(theta=10000.0))),
           variants={
               "modern-bert": ("norms before but in the first layer, windows to both sides but in each third layer, which has "
                               "another rope base, GELU with a gate; the first row", dict(pooling="cls")),
               "modern-bert-silu": ("SwiGLU, mean of the rows", dict(pooling="mean", hidden_activation="silu")),
           }),
    Family("gemma-embedding", tf.Gemma3TextConfig, gemma_encoder, names=gemma_encoder_names, keys=gemma_encoder_keys,
           run=gemma_vector, checkpoint=pooling_files,
           settings=dict(tie_word_embeddings=True, num_hidden_layers=7, head_dim=16, query_pre_attn_scalar=16, sliding_window=8,
                         use_bidirectional_attention=True, pooling="mean", dense_size=0),
           variants={
               "gemma-embedding": ("Gemma 3 with rows that see each other, windows to both sides; mean of the rows", {}),
               "gemma-embedding-dense": ("two matrices behind the mean", dict(dense_size=64)),
           }),
    Family("qwen3", tf.Qwen3Config, tf.Qwen3Model, names=lambda c: under("", decoder_names()), run=vector,
           keys=lambda c: decoder_keys(c) | pooling_key(c), checkpoint=pooling_files,
           settings=dict(head_dim=16, tie_word_embeddings=True),
           variants={"qwen3-embedding": ("the last row after the last norm", dict(pooling="last"))}),
    Family("qwen3", tf.Qwen3Config, tf.Qwen3ForCausalLM, names=lambda c: decoder_names() | {"lm_head": answer_rows}, run=answer,
           keys=lambda c: decoder_keys(c) | {"pooling_type": 4, "classifier.output_labels": ["yes", "no"]},
           settings=dict(head_dim=16), converts="it finds the answers' tokens in a tokenizer",
           variants={"qwen3-rerank": ("a head of two rows: the probabilities of yes and no after the last token", {})}),
]
