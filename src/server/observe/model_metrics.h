// What /metrics says of one model, under quire's names and under vLLM's.
#pragma once

#include "server/models/model_host.h"
#include "server/observe/metric_families.h"

namespace quire::server {

void add_model_metrics(MetricFamilies& families, const ModelHost::Counted& model);

}  // namespace quire::server
