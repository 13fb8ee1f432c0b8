// How a shader is launched: a workgroup a block of the kernel that it stands for, whose arguments are those of the
// struct of that name in kernels/gpu, byte for byte. The shader has declared them as Arguments.
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Args { Arguments all; };

layout(push_constant, scalar) uniform Launch {
  Args args;
  uint blocks;
}
launch;

Arguments args;  // read once: so often as they are named they would be loaded

// Blocks are dispatched in two dimensions: a device need not have more than 65,535 in one.
uint block_index() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }
int thread_index() { return int(gl_LocalInvocationID.x); }

// Takes the arguments. False: it is one of the last blocks, of which there may be too many.
bool begins() {
  if (block_index() >= launch.blocks) return false;
  args = launch.args.all;
  return true;
}
