#include "backend/gpu/vulkan/vulkan_pipelines.h"

#include <fmt/format.h>

#include <array>

#include "backend/gpu/vulkan/spirv.h"
#include "base/check.h"

namespace quire {
namespace {

constexpr size_t constant_count = gpu::first_kernel_constant + std::tuple_size_v<gpu::KernelConstants>;

std::array<uint32_t, constant_count> all_constants(const VulkanArithmetic& arithmetic,
                                                   const gpu::KernelConstants& of_kernel) {
  std::array<uint32_t, constant_count> constants = {arithmetic.divides_in_integers, arithmetic.takes_roots_in_integers,
                                                    arithmetic.widens_halves_in_integers};
  std::ranges::copy(of_kernel, constants.begin() + gpu::first_kernel_constant);
  return constants;
}

std::array<VkSpecializationMapEntry, constant_count> constant_places() {
  std::array<VkSpecializationMapEntry, constant_count> places{};
  for (uint32_t id = 0; id < constant_count; ++id) {
    places[id] = {.constantID = id, .offset = id * uint32_t{sizeof(uint32_t)}, .size = sizeof(uint32_t)};
  }
  return places;
}

}  // namespace

Result<VulkanPipelines> VulkanPipelines::create(const VulkanDevice& device, const VulkanArithmetic& arithmetic) {
  VulkanPipelines pipelines(device, arithmetic);
  const VkPushConstantRange launch = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .offset = 0, .size = launch_bytes};
  const VkPipelineLayoutCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                             .pushConstantRangeCount = 1,
                                             .pPushConstantRanges = &launch};
  QUIRE_TRY_VOID(vulkan::check(device.call().create_layout(device.handle(), &wanted, nullptr, &pipelines.layout_),
                               device.traits().name));
  return pipelines;
}

VulkanPipelines::~VulkanPipelines() {
  if (layout_ == nullptr) return;
  for (const auto& [key, pipeline] : made_) device_.call().destroy_pipeline(device_.handle(), pipeline, nullptr);
  device_.call().destroy_layout(device_.handle(), layout_, nullptr);
}

Result<VkPipeline> VulkanPipelines::get(std::string_view shader, const gpu::KernelConstants& constants) {
  const auto key = std::pair(shader, constants);
  if (const auto found = made_.find(key); found != made_.end()) return found->second;
  QUIRE_TRY(const VkPipeline pipeline, make(shader, constants));
  made_.emplace(key, pipeline);
  return pipeline;
}

Result<VkPipeline> VulkanPipelines::make(std::string_view name, const gpu::KernelConstants& of_kernel) const {
  const gpu::Shader* const shader = gpu::find_shader(name);
  QUIRE_CHECK(shader != nullptr, "a shader of the program");
  const VulkanTraits& traits = device_.traits();
  const std::vector<uint32_t> code = with_float_modes(arithmetic_.fma_by_f64 ? shader->f64 : shader->fused,
                                                      {.keeps_denormals = traits.keeps_denormals,
                                                       .keeps_infinities = traits.keeps_infinities,
                                                       .rounds_to_even = traits.rounds_to_even});
  const VkShaderModuleCreateInfo text = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                         .codeSize = code.size() * sizeof(uint32_t),
                                         .pCode = code.data()};
  const std::string doing = fmt::format("{}: its driver refuses the shader {}", traits.name, name);
  const vulkan::DeviceFunctions& call = device_.call();
  VkShaderModule module = nullptr;
  QUIRE_TRY_VOID(vulkan::check(call.create_shader(device_.handle(), &text, nullptr, &module), doing));
  const auto constants = all_constants(arithmetic_, of_kernel);
  const auto places = constant_places();
  const VkSpecializationInfo specialized = {.mapEntryCount = constant_count,
                                            .pMapEntries = places.data(),
                                            .dataSize = sizeof(constants),
                                            .pData = constants.data()};
  const VkComputePipelineCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                              .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                        .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                        .module = module,
                                                        .pName = "main",
                                                        .pSpecializationInfo = &specialized},
                                              .layout = layout_};
  VkPipeline pipeline = nullptr;
  const VkResult code_of = call.create_pipelines(device_.handle(), nullptr, 1, &wanted, nullptr, &pipeline);
  call.destroy_shader(device_.handle(), module, nullptr);
  QUIRE_TRY_VOID(vulkan::check(code_of, doing));
  return pipeline;
}

}  // namespace quire
