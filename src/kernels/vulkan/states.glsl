// States of recurrent layers (kernels/gpu/recurrent.h).
struct StateRun {
  int64_t row_begin;
  int64_t rows;
  int64_t certain;
  int64_t begins_from;  // -1: nothing comes before
  int64_t to;
  int64_t copy_begin;
  int64_t copy_end;
};
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer StateRuns { StateRun at[]; };

struct StateCopy {
  int64_t rows;
  int64_t state;
};
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer StateCopies { StateCopy at[]; };

struct States {
  Floats states;
  int64_t stride;
  StateRuns runs;
  int64_t run_count;
  StateCopies copies;
};
