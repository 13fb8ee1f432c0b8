// How a shader is launched: a workgroup a block of the kernel that it stands for, whose arguments are those of the struct
// of that name in kernels/gpu, byte for byte. The shader has declared them as a buffer Args.
layout(push_constant, scalar) uniform Launch {
  Args args;
  uint blocks;
} launch;

// Blocks are dispatched in two dimensions: a device need not have more than 65,535 in one. The last ones may be too many.
uint block_index() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }
bool is_no_block() { return block_index() >= launch.blocks; }
int thread_index() { return int(gl_LocalInvocationID.x); }
