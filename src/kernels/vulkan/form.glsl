// The int8 form of activations (kernels/gpu/quantize.h: QuantizedGroup).
const int quant_group = 32;

struct QuantizedGroup {
  uint quants[quant_group / 4];
  float scale;
  int minus_first;
  int minus_sum;
  float scaled_sum;
};
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Form { QuantizedGroup at[]; };
