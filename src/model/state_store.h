// The states behind the numbers of recurrent layers' memory, and where each layer's part of one is.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "core/batch.h"
#include "core/ids.h"
#include "core/limits.h"
#include "model/config.h"
#include "model/placement/stage.h"

namespace quire {

// Geometry alone: it knows no memory and no number of states. A layer without a recurrent block has a part of no bytes.
class StateLayout {
 public:
  explicit StateLayout(const ModelConfig& config) : StateLayout(config, all_layers(config)) {}
  // Of these layers alone: the others have parts of no bytes.
  StateLayout(const ModelConfig& config, LayerRange layers);

  // Of a state, over all layers: whole pages, so that one that is let go gives all of them back; 0: there are none.
  int64_t size_bytes() const { return size_bytes_; }
  // Floats that are kept of a row that is a guess, over all layers.
  int64_t kept_width() const { return kept_width_; }
  // Where the layer's part begins in a state, and in what is kept.
  int64_t offset_bytes(int64_t layer) const { return parts_[static_cast<size_t>(layer)].offset_bytes; }
  int64_t kept_offset(int64_t layer) const { return parts_[static_cast<size_t>(layer)].kept_offset; }

 private:
  struct Part {
    int64_t offset_bytes = 0;
    int64_t kept_offset = 0;  // floats of a row
  };
  std::vector<Part> parts_;
  int64_t size_bytes_ = 0;
  int64_t kept_width_ = 0;
};

// Bytes of a state of this model; 0: it has no recurrent layers.
int64_t state_size_bytes(const ModelConfig& config);

// limits.state_count states, those of sequences and snapshots, each in parts on the devices of its layers' stages. Who
// uses which is the scheduler's business; which position each stands at, the store's. Owned by one executor; one
// thread, besides the backend's workers within a step. A state that was never written costs no memory.
class StateStore {
 public:
  // An error says what the number of states must be or that there is no room.
  static Result<StateStore> create(const ModelConfig& config, const Limits& limits, std::span<const Stage> stages);

  // Whether the model has states at all.
  bool in_use() const { return !standings_.empty(); }
  int64_t state_count() const { return std::ssize(standings_); }
  StateView layer(int64_t index) const;
  // Where the layer's part begins in what its stage keeps of a row that is a guess.
  int64_t kept_offset(int64_t layer) const;

  // A step names what it reads, slice by slice, before it names what it writes.
  void begin_step() { ++step_; }
  // REQUIRES: the state stands at this position: it has been made of all rows before.
  void read(BlockId state, int32_t position, int32_t slice);
  // REQUIRES: no other slice of the step reads or writes it.
  void write(BlockId state, int32_t slice);
  // It has been written, and stands there now.
  void stand(BlockId state, int32_t position);

  // These states are nobody's any more: no slice may read them before they are written. Builds with QUIRE_POISON_KV
  // fill them with NaN.
  void forget(std::span<const BlockId> states);
  // The same, and their memory goes back to the system.
  void discard(std::span<const BlockId> states);

 private:
  static constexpr int32_t nowhere = -1;
  static constexpr int32_t several = -1;
  struct Standing {
    int32_t position = nowhere;  // rows that it has been made of
    int64_t read_in = 0;         // the last step that reads it
    int32_t read_by = several;   // the slice of that step
    int64_t written_in = 0;      // the last step that writes it
  };

  // A stage's.
  struct Part {
    LayerRange layers;
    StateLayout layout;
    DeviceMemory memory;  // (state, layer, floats of the layer)

    uint64_t offset(BlockId state) const {
      return static_cast<uint64_t>(state.value) * static_cast<uint64_t>(layout.size_bytes());
    }
  };
  StateStore(std::vector<Part> parts, int32_t count)
      : parts_(std::move(parts)), standings_(static_cast<size_t>(count)) {}
  Standing& standing(BlockId state);
  const Part* part_of(int64_t layer) const;

  std::vector<Part> parts_;  // without those of no bytes
  std::vector<Standing> standings_;
  int64_t step_ = 0;
};

}  // namespace quire
