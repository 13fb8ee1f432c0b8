// A feed-forward network and a mixture of experts side by side, each with a norm before it and one behind.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "model/blocks/experts.h"
#include "model/blocks/ffn.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

struct FfnAndExperts {
  // Tensors of both, {ffn_norm,post_ffw_norm_1,pre_ffw_norm_2,post_ffw_norm_2}.weight of a layer.
  static Result<FfnAndExperts> read(TensorReader& layer, const FfnAndExpertsConfig& config, const NormConfig& norm,
                                    int64_t width);

  // y = ffn_post_norm(ffn(ffn_norm x)) + experts_post_norm(experts(experts_norm x)). y is not x.
  void compute(const Step& step, Rows x, Rows y) const;
  int64_t products() const { return ffn.products() + experts.products(); }

  Ffn ffn;
  Experts experts;
  Norm ffn_norm, ffn_post_norm;          // (width)
  Norm experts_norm, experts_post_norm;  // (width)
};

void widen(RowWidths& widths, const FfnAndExpertsConfig& config);

}  // namespace quire
