// Owns the objects of one render and counts the bytes of everything that render keeps alive.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/value.h"
#include "text/template_budget.h"

namespace quire::jinja {

// One render, one thread. Every Value made here must be gone before the heap is.
class Heap {
 public:
  explicit Heap(size_t bytes_max) : memory_(bytes_max) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  Value text(MarkedText text) { return Value(memory_.text(std::move(text))); }
  Value text(std::string_view bytes) { return text(plain_text(std::string(bytes))); }
  // Bytes [begin, end) of a text; shares the text itself when that is all of it.
  Value text(const Str& str, size_t begin, size_t end);
  Value sequence(SequenceType type, std::vector<Value> items);
  Value list(std::vector<Value> items) { return sequence(SequenceType::list, std::move(items)); }
  Dict* dict();

  // An object of any other kind.
  template <typename T>
  T* make() {
    auto owned = std::make_unique<T>();
    T* object = owned.get();
    objects_.push_back(std::move(owned));
    charge(sizeof(T) + sizeof(void*));
    return object;
  }

  // Counts bytes that an object took for itself after it was made.
  void charge(size_t bytes) { memory_.charge(bytes); }
  bool has_room(size_t bytes) const { return memory_.has_room(bytes); }
  size_t bytes_max() const { return memory_.bytes_max(); }
  const TemplateMemory& memory() const { return memory_; }

  // What one value, and one short text, take.
  static constexpr size_t value_bytes = sizeof(Value);
  static constexpr size_t text_bytes = TemplateMemory::text_bytes;

 private:
  TemplateMemory memory_;  // before objects_: texts inside objects give their bytes back when those go
  std::vector<std::unique_ptr<Object>> objects_;
};

}  // namespace quire::jinja
