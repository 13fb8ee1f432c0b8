// Whether a device computes as the contract says (docs/kernels.md), and by which means.
#pragma once

#include <string>

#include "backend/gpu/vulkan/vulkan_device.h"
#include "backend/gpu/vulkan/vulkan_pipelines.h"

namespace quire {

// Compares the device's results for numbers of all kinds with the host's. Its own operations where they have the bits,
// else those that are made of what has them. An error names what cannot be had.
Result<VulkanArithmetic> test_arithmetic(const VulkanDevice& device);

// Whether a device has the contract's bits with this arithmetic.
Result<bool> has_bits(const VulkanDevice& device, const VulkanArithmetic& arithmetic);

// As a log shows it.
std::string describe(const VulkanArithmetic& arithmetic);

}  // namespace quire
