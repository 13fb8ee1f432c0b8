#include "text/constraint/pattern/utf8_letters.h"

#include <algorithm>
#include <map>

#include "text/constraint/pattern/pattern_dfa.h"

namespace quire::constraint {
namespace {

// Parts of sets that are looked at: about a tenth of a second.
constexpr size_t visits_max = 2'000'000;

// A way on by one byte of a range: the target is a node, or a letter where the character is whole.
struct Way {
  uint8_t first = 0, last = 0;
  bool whole = false;
  uint32_t target = 0;
  auto operator<=>(const Way&) const = default;
};
using Ways = std::vector<Way>;

// What UTF-8's bytes say about the letter, as a graph without loops: a node's targets are earlier nodes.
class Utf8Graph {
 public:
  explicit Utf8Graph(const Letters& letters) : letters_(letters) {
    Ways begin;
    add_tail(begin, 0, 0x7F, 0, 0);
    for (uint32_t lead = 0xC2; lead <= 0xDF; ++lead) add_lead(begin, lead, (lead & 0x1F) << 6, 1);
    for (uint32_t lead = 0xE0; lead <= 0xEF; ++lead) add_lead(begin, lead, (lead & 0x0F) << 12, 2);
    for (uint32_t lead = 0xF0; lead <= 0xF4; ++lead) add_lead(begin, lead, (lead & 0x07) << 18, 3);
    begin_ = std::move(begin);
  }
  const std::vector<Ways>& nodes() const { return nodes_; }
  const Ways& begin() const { return begin_; }

 private:
  // The first code point of each count of bytes after the lead.
  static constexpr char32_t firsts[] = {0, 0x80, 0x800, 0x10000};

  void add_lead(Ways& ways, uint32_t lead, char32_t base, uint32_t tail) {
    char32_t first = std::max(base, firsts[tail]);
    char32_t last = std::min<char32_t>(base + (1U << (6 * tail)) - 1, last_code_point);
    if (lead == 0xED) last = 0xD7FF;  // the rest of its block are surrogates
    add_way(ways, static_cast<uint8_t>(lead), {.whole = false, .target = node(tail, first, last)});
  }
  static void add_way(Ways& ways, uint8_t byte, Way way) {
    if (!ways.empty() && ways.back().last + 1 == byte && ways.back().whole == way.whole &&
        ways.back().target == way.target) {
      ways.back().last = byte;
    } else {
      way.first = way.last = byte;
      ways.push_back(way);
    }
  }
  // The code points of one block, whose last byte decides: that of code point c is low + (c - base).
  void add_tail(Ways& ways, char32_t first, char32_t last, char32_t base, uint32_t low) {
    const auto& ranges = letters_.ranges();
    auto range = std::lower_bound(ranges.begin(), ranges.end(), first,
                                  [](const Letters::Range& row, char32_t value) { return row.last < value; });
    for (; range != ranges.end() && range->first <= last; ++range) {
      const char32_t from = std::max(range->first, first), to = std::min(range->last, last);
      ways.push_back({.first = static_cast<uint8_t>(low + (from - base)),
                      .last = static_cast<uint8_t>(low + (to - base)),
                      .whole = true,
                      .target = range->letter});
    }
  }
  // For code points first to last, of a block of `tail` bytes that are left. It calls itself at most twice.
  uint32_t node(uint32_t tail, char32_t first, char32_t last) {
    const bool full = last - first + 1 == 1U << (6 * tail);
    const auto& ranges = letters_.ranges();
    const auto range = std::lower_bound(ranges.begin(), ranges.end(), first,
                                        [](const Letters::Range& row, char32_t value) { return row.last < value; });
    const bool same = full && range->first <= first && range->last >= last;
    if (same) {
      const auto known = same_.find({tail, range->letter});
      if (known != same_.end()) return known->second;
    }
    Ways ways;
    const char32_t block = 1U << (6 * (tail - 1));
    if (tail == 1) {
      add_tail(ways, first, last, first & ~char32_t{0x3F}, 0x80);
    } else {
      for (char32_t at = first & ~(block - 1); at <= last; at += block) {
        const uint32_t child = node(tail - 1, std::max(at, first), std::min<char32_t>(at + block - 1, last));
        add_way(ways, static_cast<uint8_t>(0x80 | ((at / block) & 0x3F)), {.whole = false, .target = child});
      }
    }
    const auto [found, is_new] = known_.try_emplace(ways, static_cast<uint32_t>(nodes_.size()));
    if (is_new) nodes_.push_back(std::move(ways));
    if (same) same_[{tail, range->letter}] = found->second;
    return found->second;
  }

  const Letters& letters_;
  std::vector<Ways> nodes_;
  Ways begin_;
  std::map<Ways, uint32_t> known_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> same_;  // nodes of blocks of one letter
};

}  // namespace

Result<Letters> Letters::of(const std::vector<CodePoints>& sets) {
  std::vector<char32_t> begins{0, 0xE000};
  for (const CodePoints& set : sets) {
    for (const auto& [first, last] : set) {
      begins.push_back(first);
      begins.push_back(last + 1 == 0xD800 ? 0xE000 : last + 1);
    }
  }
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  if (begins.back() > last_code_point) begins.pop_back();
  // Each set splits the letters that it cuts: its own part of one becomes a new one.
  std::vector<uint32_t> letter(begins.size(), 0);
  uint32_t fresh = 1;
  size_t visits = 0;
  const auto each_of = [&](const CodePoints& set, auto visit) {
    for (const auto& [first, last] : set) {
      auto at = static_cast<size_t>(std::lower_bound(begins.begin(), begins.end(), first) - begins.begin());
      for (; at < begins.size() && begins[at] <= last; ++at, ++visits) visit(at);
    }
  };
  for (const CodePoints& set : sets) {
    std::map<uint32_t, uint32_t> renamed;
    each_of(set, [&](size_t at) {
      const auto [found, is_new] = renamed.try_emplace(letter[at], fresh);
      fresh += is_new;
      letter[at] = found->second;
    });
    if (visits > visits_max) return fail(ErrorKind::too_large, "the classes of the pattern take too much work");
  }
  Letters out;
  std::map<uint32_t, uint32_t> number;
  for (uint32_t& name : letter) name = number.try_emplace(name, static_cast<uint32_t>(number.size())).first->second;
  out.count_ = static_cast<uint32_t>(number.size());
  for (size_t at = 0; at < begins.size(); ++at) {
    const char32_t end = at + 1 < begins.size() ? begins[at + 1] : last_code_point + 1;
    out.ranges_.push_back({.first = begins[at], .last = end == 0xE000 ? 0xD7FF : end - 1, .letter = letter[at]});
  }
  for (const CodePoints& set : sets) {
    std::vector<uint32_t>& of = out.of_set_.emplace_back();
    each_of(set, [&](size_t at) { of.push_back(letter[at]); });
    std::sort(of.begin(), of.end());
    of.erase(std::unique(of.begin(), of.end()), of.end());
  }
  return out;
}

Result<ByteDfa> in_bytes(const Dfa& dfa, const Letters& letters) {
  const Utf8Graph graph(letters);
  std::vector<std::vector<ByteEdge>> states(dfa.state_count());
  std::vector<uint8_t> accepts = dfa.accepts;
  std::map<std::vector<ByteEdge>, uint32_t> known;  // states inside of a character, by where they lead
  std::vector<uint32_t> target_of(graph.nodes().size());
  for (uint32_t state = 0; state < dfa.state_count(); ++state) {
    const auto resolve = [&](const Ways& ways) {
      std::vector<ByteEdge> edges;
      for (const Way& way : ways) {
        const uint32_t target = way.whole ? dfa.step(state, way.target) : target_of[way.target];
        if (target == Dfa::none) continue;
        if (!edges.empty() && edges.back().target == target && edges.back().last + 1 == way.first) {
          edges.back().last = way.last;
        } else {
          edges.push_back({way.first, way.last, target});
        }
      }
      return edges;
    };
    for (uint32_t node = 0; node < target_of.size(); ++node) {
      std::vector<ByteEdge> edges = resolve(graph.nodes()[node]);
      target_of[node] = Dfa::none;
      if (edges.empty()) continue;
      const auto [found, is_new] = known.try_emplace(edges, static_cast<uint32_t>(states.size()));
      target_of[node] = found->second;
      if (!is_new) continue;
      states.push_back(std::move(edges));
      accepts.push_back(0);
    }
    states[state] = resolve(graph.begin());
    if (states.size() > states_max) return std::unexpected(too_many_states());
  }
  // Two states inside of a character that mean the same lead to the same, and are one; those between characters differ
  // by what they read as dfa's do, and from the others by which bytes they read. So nothing is left to be merged.
  return renumbered(from_edges(states, accepts));
}

}  // namespace quire::constraint
