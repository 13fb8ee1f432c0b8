// What /metrics says of one model, under quire's names and under vLLM's.
#pragma once

#include "server/metric_families.h"
#include "server/model_host.h"

namespace quire::server {

void add_model_metrics(MetricFamilies& families, const ModelHost::Counted& model);

}  // namespace quire::server
