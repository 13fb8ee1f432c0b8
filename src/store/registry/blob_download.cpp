#include "store/registry/blob_download.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace quire::store::registry {
namespace {

// What a killed process may lose of each part.
constexpr uint64_t save_interval_bytes = 256 << 10;
constexpr int64_t progress_interval_ns = 100'000'000;
constexpr int wait_ms = 50;
constexpr size_t fetch_count_max = 16;

// FIRST and TOTAL of "bytes FIRST-LAST/TOTAL"; the total is 0 where it is '*' or not there.
struct ContentRange {
  uint64_t first = 0;
  uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  ContentRange range;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), range.first);
  if (error != std::errc{}) return std::nullopt;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    std::from_chars(text.data() + slash + 1, text.data() + text.size(), range.total);
  }
  return range;
}

}  // namespace

BlobDownload::BlobDownload(PartialBlob& partial, const Layer& layer, RegistryClient& registry,
                           net::HttpTransfers& transfers, const Surroundings& surroundings, const Hooks& hooks,
                           std::function<void(uint64_t)> on_progress)
    : partial_(partial),
      layer_(layer),
      registry_(registry),
      transfers_(transfers),
      surroundings_(surroundings),
      hooks_(hooks),
      on_progress_(std::move(on_progress)) {}

bool BlobDownload::complete() const { return std::ranges::all_of(partial_.states.parts, &Part::complete); }

Result<void> BlobDownload::run() {
  int64_t next_report_ns = 0;
  fetches_.clear();
  for (size_t index = 0; index < partial_.states.parts.size(); ++index) {
    fetches_.push_back(
        {.saved_bytes = partial_.states.parts[index].completed_bytes, .backoff = Backoff(surroundings_.seed + index)});
  }
  Result<void> result;
  while (result && !complete()) {
    result = hooks_.keep_going() ? round() : fail(ErrorKind::cancelled, "cancelled");
    const int64_t now_ns = surroundings_.clock.now_ns();
    if (now_ns < next_report_ns) continue;
    on_progress_(partial_.completed_bytes());
    next_report_ns = now_ns + progress_interval_ns;
  }
  stop_fetches();
  save_all();
  on_progress_(partial_.completed_bytes());
  return result;
}

Result<void> BlobDownload::round() {
  start_fetches();
  if (transfers_.running() == 0) {  // all of them wait for their next try
    int64_t due_ns = INT64_MAX;
    for (size_t index = 0; index < fetches_.size(); ++index) {
      if (!partial_.states.parts[index].complete()) due_ns = std::min(due_ns, fetches_[index].due_ns);
    }
    return pause(surroundings_, hooks_, std::max<int64_t>(0, due_ns - surroundings_.clock.now_ns()));
  }
  for (net::HttpTransfers::Finished& finished : transfers_.wait(wait_ms)) {
    const auto fetch = std::ranges::find(fetches_, finished.id, &Fetch::transfer);
    if (fetch == fetches_.end()) continue;
    QUIRE_TRY_VOID(end_fetch(static_cast<size_t>(fetch - fetches_.begin()), std::move(finished.reply)));
    if (turn_ != Turn::none) return take_turn();
  }
  return {};
}

void BlobDownload::start_fetches() {
  const int64_t now_ns = surroundings_.clock.now_ns();
  for (size_t index = 0; index < fetches_.size(); ++index) {
    if (transfers_.running() >= fetch_count_max) return;
    const bool idle = fetches_[index].transfer == 0 && !partial_.states.parts[index].complete();
    if (idle && fetches_[index].due_ns <= now_ns) start_fetch(index);
  }
}

void BlobDownload::start_fetch(size_t index) {
  Fetch& fetch = fetches_[index];
  const Part& part = partial_.states.parts[index];
  net::HttpRequest request = registry_.request("GET", "blobs/" + layer_.digest);
  request.headers.push_back(
      {"Range", fmt::format("bytes={}-{}", part.next_offset(), part.offset + part.size_bytes - 1)});
  fetch.token = registry_.authorize(request);
  fetch.head_checked = false;
  fetch.skip_bytes = 0;
  fetch.begun_bytes = part.completed_bytes;
  fetch.failure.reset();
  fetch.transfer = transfers_.start(
      std::move(request),
      [this, index](const net::HttpReply& head, std::string_view bytes) { return take(index, head, bytes); });
}

// Whether the reply is a part of the blob. One with the whole blob is good for a blob of one part only; else all
// fetches must give way to one.
bool BlobDownload::check_head(size_t index, const net::HttpReply& head) {
  Fetch& fetch = fetches_[index];
  const Part& part = partial_.states.parts[index];
  const auto refuse = [&](ErrorKind kind, std::string message) {
    fetch.failure = Error{.kind = kind, .message = std::move(message)};
    return false;
  };
  if (head.status == 206) {
    const auto range = parse_content_range(head.header("Content-Range"));
    if (!range || range->first != part.next_offset()) {
      return refuse(ErrorKind::io, fmt::format("{} sent the range '{}' instead of the one from {}", registry_.host(),
                                               head.header("Content-Range"), part.next_offset()));
    }
    if (range->total != 0 && range->total != layer_.size_bytes) {
      return refuse(ErrorKind::invalid, fmt::format("{} of {} has {} bytes, and its manifest says {}", layer_.digest,
                                                    registry_.host(), range->total, layer_.size_bytes));
    }
    return true;
  }
  uint64_t length = layer_.size_bytes;
  const std::string_view text = head.header("Content-Length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (length != layer_.size_bytes) {
    return refuse(ErrorKind::invalid, fmt::format("{} of {} has {} bytes, and its manifest says {}", layer_.digest,
                                                  registry_.host(), length, layer_.size_bytes));
  }
  if (partial_.states.parts.size() != 1) {
    turn_ = Turn::one_stream;
    return refuse(ErrorKind::io, "ranges are ignored");
  }
  fetch.skip_bytes = part.completed_bytes;
  return true;
}

bool BlobDownload::take(size_t index, const net::HttpReply& head, std::string_view bytes) {
  Fetch& fetch = fetches_[index];
  Part& part = partial_.states.parts[index];
  if (!fetch.head_checked && !check_head(index, head)) return false;
  fetch.head_checked = true;
  if (fetch.skip_bytes > 0) {
    const uint64_t skipped = std::min<uint64_t>(fetch.skip_bytes, bytes.size());
    fetch.skip_bytes -= skipped;
    bytes.remove_prefix(skipped);
    if (bytes.empty()) return true;
  }
  if (bytes.size() > part.size_bytes - part.completed_bytes) {
    fetch.failure =
        Error{.kind = ErrorKind::io, .message = fmt::format("{} sent more than was asked for", registry_.host())};
    return false;
  }
  Result<void> written = partial_.write(part.next_offset(), bytes);
  if (written) part.completed_bytes += bytes.size();
  if (written && part.completed_bytes - fetch.saved_bytes >= save_interval_bytes) {
    fetch.saved_bytes = part.completed_bytes;
    written = partial_.states.save(index);
  }
  if (written) return true;
  fetch.failure = std::move(written.error());
  fetch.disk_failed = true;
  return false;
}

Result<void> BlobDownload::end_fetch(size_t index, Result<net::HttpReply> reply) {
  Fetch& fetch = fetches_[index];
  const Part& part = partial_.states.parts[index];
  fetch.transfer = 0;
  if (fetch.disk_failed) return std::unexpected(*fetch.failure);
  if (turn_ != Turn::none || part.complete()) return {};
  if (fetch.failure) reply = std::unexpected(*fetch.failure);
  if (!reply) {
    if (reply.error().kind == ErrorKind::io) return try_later(index, reply.error(), 0);
    return std::unexpected(reply.error());
  }
  if (reply->status != 401) registry_.note_accepted();
  switch (reply->status) {
    case 200:
    case 206:
      return try_later(index, {ErrorKind::io, fmt::format("{} sent less than was asked for", registry_.host())}, 0);
    case 401:
      return registry_.answer_challenge(*reply, fetch.token);
    case 404:
      return fail(ErrorKind::not_found, fmt::format("{} has no blob {}", registry_.host(), layer_.digest));
    case 416:
      if (started_over_) break;
      turn_ = Turn::start_over;
      return {};
    default:
      break;
  }
  Error error{ErrorKind::io, fmt::format("{} answers {}: {}", reply->url.substr(0, reply->url.find('?')), reply->status,
                                         refusal_text(reply->body))};
  if (may_pass(reply->status)) return try_later(index, std::move(error), reply->retry_after_s);
  return std::unexpected(std::move(error));
}

Result<void> BlobDownload::try_later(size_t index, Error why, int64_t asked_s) {
  Fetch& fetch = fetches_[index];
  if (partial_.states.parts[index].completed_bytes > fetch.begun_bytes) fetch.backoff.reset();
  if (fetch.backoff.tries() + 1 >= surroundings_.tries_max) {
    why.message += fmt::format(" (given up after {} tries)", surroundings_.tries_max);
    return std::unexpected(std::move(why));
  }
  fetch.due_ns = surroundings_.clock.now_ns() + fetch.backoff.next_ns(asked_s);
  return {};
}

Result<void> BlobDownload::take_turn() {
  stop_fetches();
  const Turn turn = std::exchange(turn_, Turn::none);
  std::vector<Part> parts;
  if (turn == Turn::one_stream) {
    // What is there from the beginning without a gap is kept; the stream goes over the rest once more.
    Part whole{.size_bytes = layer_.size_bytes};
    for (const Part& part : partial_.states.parts) {
      whole.completed_bytes += part.completed_bytes;
      if (!part.complete()) break;
    }
    parts = {whole};
    QUIRE_TRY_VOID(partial_.states.replace(parts));
  } else {
    started_over_ = true;
    parts = plan_parts(layer_.size_bytes, surroundings_.part_bytes_min, surroundings_.part_bytes_max);
    QUIRE_TRY_VOID(partial_.start_over(parts));
  }
  fetches_.clear();
  for (size_t index = 0; index < parts.size(); ++index) {
    fetches_.push_back({.saved_bytes = parts[index].completed_bytes, .backoff = Backoff(surroundings_.seed + index)});
  }
  return {};
}

void BlobDownload::stop_fetches() {
  for (Fetch& fetch : fetches_) {
    if (fetch.transfer != 0) transfers_.stop(std::exchange(fetch.transfer, 0));
  }
}

void BlobDownload::save_all() {
  for (size_t index = 0; index < partial_.states.parts.size() && index < fetches_.size(); ++index) {
    if (partial_.states.parts[index].completed_bytes == fetches_[index].saved_bytes) continue;
    // A state that cannot be written is older than the file, which is no harm.
    (void)partial_.states.save(index);
  }
}

}  // namespace quire::store::registry
