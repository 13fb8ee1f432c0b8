// A block takes four tasks, each by 32 threads (kernels/gpu/kernel.h: task_grid). Threads of a task beyond the last one
// go along to the barriers, which all threads of a block have to reach.
const int task_threads = 32;
const int block_tasks = 4;

layout(local_size_x = task_threads * block_tasks) in;

int task_lane() { return thread_index() % task_threads; }
int task_of_block() { return thread_index() / task_threads; }
int64_t task_index() { return int64_t(block_index()) * block_tasks + task_of_block(); }
