// The int8 form of activations (kernels/gpu/quantize.h: QuantizedGroup).
const int quant_group = 32;
const int64_t group_bytes_of_form = 48l;

struct QuantizedGroup {
  uvec4 first_quants;  // sixteen, four a word
  uvec4 last_quants;
  uvec4 terms;  // the bits of scale, minus_first, minus_sum and scaled_sum
};
float scale_of(uvec4 terms) { return uintBitsToFloat(terms.x); }
int minus_first_of(uvec4 terms) { return int(terms.y); }
int minus_sum_of(uvec4 terms) { return int(terms.z); }
float scaled_sum_of(uvec4 terms) { return uintBitsToFloat(terms.w); }

layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Form { QuantizedGroup at[]; };
