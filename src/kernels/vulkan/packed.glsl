// Groups of a packed panel, from bits to words of four signed bytes and scales (kernels/packed_layout.h,
// kernels/scalar/unpack.h, kernels/gpu/weight_words.h). The layout of a type is constants of its pipeline.
layout(constant_id = 4) const int quant_bits = 4;   // packed, of each quant
layout(constant_id = 5) const int word_offset = 0;  // what has to come off a word's bytes
layout(constant_id = 6) const uint codes = 0;       // the numbers that the bits stand for
layout(constant_id = 7) const uint scales_kind = 0;

const uint no_codes = 0, iq4 = 1, fp4 = 2, iq3_s = 3, iq3_xxs = 4, iq2 = 5, iq1 = 6;
const uint pair = 0, pair_bf16 = 1, pair_halves = 2, minimum = 3, super = 4, super_halves_minimum = 5, super_halves = 6,
           super_signed = 7, one = 8;

const int line_bytes = 64;
const int scales_bytes = 32;     // f16 of the 16 outputs
const int low_bytes = 4 * 64;    // 32 inputs, 4 bits each
const int pairs_bytes = 2 * 64;  // 32 inputs, 2 bits each
const int k_groups = 8;
const int k_head_bytes = 64;

const bool has_halves =
    scales_kind == super_halves || scales_kind == super_halves_minimum || scales_kind == pair_halves;
const bool has_minima_of_groups = scales_kind == minimum || scales_kind == super;
const bool has_minima_of_halves = scales_kind == super_halves_minimum;

int step_groups() {
  if (scales_kind == minimum) return 1;
  return scales_kind == pair || scales_kind == pair_bf16 || scales_kind == pair_halves ? 2 : k_groups;
}
int quants_offset() {
  if (scales_kind == super || scales_kind == super_halves || scales_kind == super_halves_minimum) {
    return k_head_bytes + k_groups * 2 * panel_outputs;
  }
  return scales_kind == super_signed ? k_head_bytes + k_groups * panel_outputs : 2 * scales_bytes;
}
int group_bytes() { return line_bytes * quant_bits; }
int step_bytes() { return quants_offset() + step_groups() * group_bytes(); }
int64_t packed_panel_bytes(int64_t inputs) {
  const int step_inputs = quant_group * step_groups();
  return (inputs + step_inputs - 1) / step_inputs * step_bytes();
}

// Where a group of a panel lies.
struct GroupPlace {
  uint64_t step;
  int index;  // in the step
  uint64_t quants;
};
GroupPlace group_place(uint64_t panel, int group) {
  const uint64_t step = panel + uint64_t(int64_t(group / step_groups()) * step_bytes());
  const int index = group % step_groups();
  return GroupPlace(step, index, step + uint64_t(quants_offset() + index * group_bytes()));
}

uint load_word(uint64_t line, int lane) { return Words(line).at[lane]; }

// Inputs 4 j to 4 j + 3 of a group, and 16 + 4 j on.
uvec2 packed_words(uint64_t group, int lane, int j) {
  if (quant_bits == 8) {
    return uvec2(load_word(group + uint64_t(j * line_bytes), lane),
                 load_word(group + uint64_t((4 + j) * line_bytes), lane));
  }
  if (quant_bits >= 4) {
    const uint low = load_word(group + uint64_t(j * line_bytes), lane);
    uvec2 words = uvec2(low, low >> 4) & 0x0F0F0F0Fu;
    const uint64_t above = group + uint64_t(low_bytes);
    if (quant_bits == 5) {
      const uint fifth = load_word(above, lane);
      words |= (uvec2(fifth >> j, fifth >> (4 + j)) & 0x01010101u) << 4;
    } else if (quant_bits == 6) {
      const uvec2 pairs = uvec2(load_word(above, lane), load_word(above + uint64_t(line_bytes), lane));
      words |= (pairs >> 2 * j & 0x03030303u) << 4;
    }
    return words;
  }
  uvec2 words = uvec2(load_word(group, lane), load_word(group + uint64_t(line_bytes), lane)) >> 2 * j & 0x03030303u;
  if (quant_bits == 3) {
    const uint third = load_word(group + uint64_t(pairs_bytes), lane);
    words |= (uvec2(third >> j, third >> (4 + j)) & 0x01010101u) << 2;
  }
  return words;
}

// The table of sixteen bytes, four a word: the numbers without their offset.
uvec4 code_table() {
  switch (codes) {
    case iq4:
      return uvec4(0xBFAD9881u, 0xF6EADDCFu, 0x26190D01u, 0x71594535u);
    case fp4:
      return uvec4(0x03020100u, 0x0C080604u, 0xFDFEFF00u, 0xF4F8FAFCu);
    case iq3_s:
      return uvec4(0x07050301u, 0x0F0D0B09u, 0xF9FBFDFFu, 0xF1F3F5F7u);
    case iq3_xxs:
      return uvec4(0x1C140C04u, 0x3E342C24u, 0xE4ECF4FCu, 0xC2CCD4DCu);
    case iq2:
      return uvec4(0x002B1908u, 0x00D5E7F8u, 0x00000000u, 0x00000000u);
    default:
      return uvec4(0x000901F9u, 0x0007FFF7u, 0x00000000u, 0x00000000u);
  }
}

uint decoded(uint word) {
  const uvec4 table = code_table();
  uint result = 0u;
  [[unroll]] for (int i = 0; i < 32; i += 8) {
    const uint code = word >> i & 15u;
    const uint low = code < 4u ? table.x : table.y, high = code < 12u ? table.z : table.w;
    result |= ((code < 8u ? low : high) >> 8u * (code & 3u) & 255u) << i;
  }
  return result;
}

uvec2 group_words(uint64_t group, int lane, int j) {
  const uvec2 words = packed_words(group, lane, j);
  if (codes != no_codes) return uvec2(decoded(words.x), decoded(words.y));
  return quant_bits == 8 ? words ^ 0x80808080u : words;  // the sign's bit is turned
}

// What belongs to one output's quants of a group.
struct OutputScales {
  float scale;
  vec2 sub_scales;  // of the two halves
  vec2 minima;
  float minima_scale;
};

// Half of an E4M3 number without a sign.
float half_e4m3(uint bits) {
  const uint exponent = bits >> 3, fraction = bits & 7u;
  if (exponent == 0u) return product(float(fraction), uintBitsToFloat(0x3A800000u));  // 2^-10: exact
  return uintBitsToFloat((exponent + 119u) << 23 | fraction << 20);
}

float half_at(uint64_t at, int index) { return f32_of_f16(uint(Halves(at).at[index])); }
uint byte_at(uint64_t at, int index) { return uint(Bytes(at).at[index]); }
float signed_byte_at(uint64_t at, int index) { return float(int(SignedBytes(at).at[index])); }

// All products are exact.
OutputScales unpack_scales(const GroupPlace place, int lane) {
  OutputScales result = OutputScales(0.0, vec2(1.0), vec2(0.0), 0.0);
  const int i = place.index;
  const uint64_t step = place.step, minima = step + uint64_t(scales_bytes), of_step = step + uint64_t(k_head_bytes);
  const uint64_t of_group = of_step + uint64_t(i * panel_outputs),
                 of_halves = of_step + uint64_t(2 * i * panel_outputs);
  const uint64_t of_pair = step + uint64_t(i * scales_bytes);
  switch (scales_kind) {
    case pair:
      result.scale = half_at(of_pair, lane);
      break;
    case pair_bf16:
      result.scale = f32_of_bf16(uint(Halves(of_pair).at[lane]));
      break;
    case pair_halves:
      result.scale = 1.0;
      result.sub_scales = vec2(half_e4m3(byte_at(of_pair, lane)), half_e4m3(byte_at(of_pair, panel_outputs + lane)));
      break;
    case minimum:
      result.scale = half_at(step, lane);
      result.minima.x = half_at(minima, lane);
      break;
    case super:
      result.scale = product(half_at(step, lane), float(byte_at(of_group, lane)));
      result.minima.x = -product(half_at(minima, lane), float(byte_at(of_group, k_groups * panel_outputs + lane)));
      break;
    case super_halves_minimum: {
      const uvec2 bytes = uvec2(byte_at(of_halves, lane), byte_at(of_halves, panel_outputs + lane));
      result.scale = half_at(step, lane);
      result.minima_scale = half_at(minima, lane);
      result.sub_scales = vec2(bytes & 15u);
      result.minima = vec2(bytes >> 4);
      break;
    }
    case super_halves:
      result.scale = Floats(step).at[lane];
      result.sub_scales = vec2(signed_byte_at(of_halves, lane), signed_byte_at(of_halves, panel_outputs + lane));
      break;
    case super_signed:
      result.scale = product(Floats(step).at[lane], signed_byte_at(of_group, lane));
      break;
    case one:
      result.scale = Floats(step).at[lane];
      break;
  }
  return result;
}
