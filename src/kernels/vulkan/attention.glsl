// Attention in the written order (kernels/kernels.h: AttentionArgs), with the arguments of kernels/gpu/attention.h.
layout(constant_id = 4) const int heads_max = 1;  // query heads that read the same keys and values together
const int heads_room = 8;                         // the most that heads_max may be

struct Arguments {
  KvLayer layer;
  RowPlaces rows;
  int64_t row_count;
  int64_t heads;
  Floats q;
  Floats result;
  float scale;
  uint unused;
  int64_t window;
  int64_t after;
  float softcap;
  uint also_unused;
  Floats sinks;
  Floats p;
  Floats maxima;
  Floats carries;
  Floats sums;
  int64_t chunks_max;
};
#include "launch.glsl"

// Positions [begin, end) that the query of a row sees.
struct Seen {
  int begin;
  int end;
};
Seen seen_by(int row) {
  const int64_t end = args.rows.at[row].position + 1l + args.after;
  const int64_t begin = args.window > 0l ? max(0l, end - args.window) : 0l;
  return Seen(int(begin), int(min(args.rows.at[row].end, end)));
}

int value_dim() { return int(args.layer.latent_dim > 0l ? args.layer.latent_dim : args.layer.head_dim); }

// Up to heads_max query heads of a row.
struct Queries {
  int row;
  int64_t first;  // of the row's heads in q and the result, among all rows'
  int head;       // the same among the row's
  int count;
  int kv_head;
  Seen seen;
  int first_chunk;  // the position with which the first chunk begins
  bool is_there;    // the row is of a sequence
};

Queries queries_of(int64_t task) {
  const int kv_heads = int(args.layer.kv_heads), heads = int(args.heads), group = heads / kv_heads;
  const int parts = quotient_up(group, heads_max), index = int(task);
  const int part = index % parts;
  Queries queries;
  queries.kv_head = index / parts % kv_heads;
  queries.row = index / parts / kv_heads;
  queries.head = queries.kv_head * group + part * heads_max;
  queries.first = int64_t(queries.row) * heads + queries.head;
  queries.count = min(heads_max, group - part * heads_max);
  queries.seen = seen_by(queries.row);
  queries.first_chunk = queries.seen.begin / attention_chunk * attention_chunk;
  queries.is_there = args.rows.at[queries.row].position >= 0l;
  return queries;
}

// Of the i-th of them; of those that are not there, the last one's.
int64_t query_at(const Queries queries, int i) { return queries.first + min(i, queries.count - 1); }

// A chunk, of which the queries see [first, end).
struct SeenChunk {
  int64_t offset;
  int first;
  int end;
};
SeenChunk chunk_at(const Queries queries, int begin) {
  const int block_tokens = int(args.layer.block_tokens);
  const int block = args.rows.at[queries.row].blocks.at[begin / block_tokens];
  return SeenChunk(
      chunk_offset(block, block_tokens, int(args.layer.kv_heads), queries.kv_head, int(args.layer.head_dim), begin),
      max(0, queries.seen.begin - begin), min(attention_chunk, queries.seen.end - begin));
}
bool sees(const SeenChunk chunk, int position) { return position >= chunk.first && position < chunk.end; }

float score_of(float of_products) {
  const float scaled = product(of_products, args.scale);
  const float softcap = args.softcap;
  return softcap > 0.0 ? softcap_of(scaled, softcap, quotient(-2.0, softcap)) : scaled;
}

// The scores of a position of a chunk that they see. A key is read once for all.
float[heads_room] scores_of(const Queries queries, const SeenChunk chunk, int position) {
  const int head_dim = int(args.layer.head_dim);
  float sums[heads_room];
  int64_t q_at[heads_room];
  for (int h = 0; h < heads_max; ++h) {
    sums[h] = 0.0;
    q_at[h] = query_at(queries, h) * head_dim;
  }
  Halves halves = halves_at(args.layer.keys, chunk.offset);
  if (!kv_in_q8_0) {
    for (int d = 0; d < head_dim; ++d) {
      const float key = f32_of_f16(uint(halves.at[element_index(true, position, d, head_dim)]));
      for (int h = 0; h < heads_max; ++h) sums[h] = fused(from(args.q, q_at[h]).at[d], key, sums[h]);
    }
  } else {
    SignedBytes quants = quants_at(args.layer.keys, chunk.offset, head_dim);
    for (int begin = 0; begin < head_dim; begin += quant_group) {
      float products[heads_room];
      for (int h = 0; h < heads_max; ++h) products[h] = 0.0;
      for (int d = begin; d < min(begin + quant_group, head_dim); ++d) {
        const float key = float(int(quants.at[element_index(true, position, d, head_dim)]));
        for (int h = 0; h < heads_max; ++h) products[h] = fused(from(args.q, q_at[h]).at[d], key, products[h]);
      }
      const float scale = f32_of_f16(uint(halves.at[scale_index(position, begin)]));
      for (int h = 0; h < heads_max; ++h) sums[h] = fused(scale, products[h], sums[h]);
    }
  }
  for (int h = 0; h < heads_max; ++h) sums[h] = score_of(sums[h]);
  return sums;
}

// Element d of the value of a position of a chunk, and what a weight is multiplied with before it.
struct Value {
  float value;
  float scale;
};
Value value_at(const SeenChunk chunk, int position, int d) {
  const int head_dim = int(args.layer.head_dim);
  const bool latent = args.layer.latent_dim > 0l;
  Bytes values = args.layer.values;
  if (latent) values = args.layer.keys;
  const int index = element_index(latent, position, d, head_dim);
  Halves halves = halves_at(values, chunk.offset);
  if (!kv_in_q8_0) return Value(f32_of_f16(uint(halves.at[index])), 1.0);
  return Value(float(int(quants_at(values, chunk.offset, head_dim).at[index])),
               f32_of_f16(uint(halves.at[scale_index(position, d)])));
}
float weight_with(float p, const Value value) { return kv_in_q8_0 ? product(p, value.scale) : p; }

// What is left at last of query h: a sink takes its share.
struct Share {
  float carry;
  float sum;
};
Share last_share(int head, float max, float of_all) {
  if (is_null(uint64_t(args.sinks))) return Share(1.0, of_all);
  const float sink = args.sinks.at[head];
  const float top = most(sink, max);
  const float carry = exp_of(difference(max, top));
  return Share(carry, fused(of_all, carry, exp_of(difference(sink, top))));
}
float shared_out(float acc, const Share share) { return quotient(product(acc, share.carry), share.sum); }
