#include "text/constraint/grammar/free_text.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <map>
#include <queue>
#include <vector>

namespace quire::constraint {
namespace {

constexpr uint32_t none = 0xffffffff;

// How much of which text what has been read ends with (Aho and Corasick, 1975).
struct Branch {
  std::array<uint32_t, 256> next{};
  uint32_t failure = 0;
  bool ends = false;  // one of the texts is there
};

std::vector<Branch> read_texts(std::span<const std::string> texts) {
  std::vector<Branch> branches(1);
  branches[0].next.fill(none);
  for (const std::string& text : texts) {
    uint32_t branch = 0;
    for (const char byte : text) {
      uint32_t next = branches[branch].next[static_cast<uint8_t>(byte)];
      if (next == none) {
        next = static_cast<uint32_t>(branches.size());
        branches[branch].next[static_cast<uint8_t>(byte)] = next;
        branches.emplace_back().next.fill(none);
      }
      branch = next;
    }
    branches[branch].ends = true;
  }
  return branches;
}

void follow_failures(std::vector<Branch>& branches) {
  std::queue<uint32_t> pending;
  for (uint32_t& next : branches[0].next) {
    if (next == none) {
      next = 0;
    } else {
      pending.push(next);
    }
  }
  while (!pending.empty()) {
    Branch& branch = branches[pending.front()];
    pending.pop();
    const Branch& shorter = branches[branch.failure];
    branch.ends = branch.ends || shorter.ends;
    for (size_t byte = 0; byte < 256; ++byte) {
      if (branch.next[byte] == none) {
        branch.next[byte] = shorter.next[byte];
      } else {
        branches[branch.next[byte]].failure = shorter.next[byte];
        pending.push(branch.next[byte]);
      }
    }
  }
}

}  // namespace

Result<NodeId> free_until(Grammar& grammar, std::span<const std::string> texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) {
    if (text.empty()) return fail(ErrorKind::invalid, "free text cannot end before an empty text");
    bytes += text.size();
  }
  if (bytes > free_until_bytes_max) {
    return fail(ErrorKind::too_large, fmt::format("free text ends before {} bytes of texts; at most {} are supported",
                                                  bytes, free_until_bytes_max));
  }
  std::vector<Branch> branches = read_texts(texts);
  follow_failures(branches);
  std::vector<RuleId> rules;
  for (size_t index = 0; index < branches.size(); ++index) rules.push_back(grammar.declare("free text"));
  for (size_t index = 0; index < branches.size(); ++index) {
    std::map<uint32_t, ByteSet> sets;
    for (size_t byte = 0; byte < 255; ++byte) {  // 0xff marks control tokens
      const uint32_t next = branches[index].next[byte];
      if (!branches[next].ends) sets[next].set(byte);
    }
    std::vector<NodeId> ways{grammar.nothing()};
    for (const auto& [next, set] : sets) {
      ways.push_back(grammar.sequence({grammar.byte_set(set), grammar.refer(rules[next])}));
    }
    grammar.define(rules[index], grammar.choice(std::move(ways)));
  }
  return grammar.refer(rules[0]);
}

}  // namespace quire::constraint
