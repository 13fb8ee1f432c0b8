// One call in libcurl's hands.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"

namespace quire::net {

// Owns the easy handle, everything that it points to, and what has arrived. Its address is fixed. Owner's thread only.
class Transfer {
 public:
  static Result<std::unique_ptr<Transfer>> make(HttpRequest request, BodySink sink);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return easy_.get(); }
  // Silent for longer than it may be.
  bool stalled() const;
  // What came of it. REQUIRES: libcurl is done with it and said `code`, or it has stalled.
  Result<HttpReply> take(CURLcode code);

 private:
  struct CloseEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct CloseList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  Transfer(HttpRequest request, BodySink sink) : request_(std::move(request)), sink_(std::move(sink)) {}
  void set_up(bool loopback);
  void set_method_and_body();
  void set_headers();
  void set_limits();
  size_t take_header(std::string_view line);
  size_t take_body(std::string_view bytes);
  size_t give_body(char* to, size_t bytes_max);
  Error error_of(CURLcode code) const;
  std::string peer_now() const;

  static size_t on_header(char* bytes, size_t size, size_t count, void* self);
  static size_t on_body(char* bytes, size_t size, size_t count, void* self);
  static size_t on_read(char* to, size_t size, size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);

  HttpRequest request_;
  BodySink sink_;
  std::string peer_;  // HOST:PORT, for people
  std::unique_ptr<CURL, CloseEasy> easy_;
  std::unique_ptr<curl_slist, CloseList> header_list_;
  std::array<char, CURL_ERROR_SIZE> curl_words_{};
  const SteadyClock clock_;
  int64_t active_ns_ = clock_.now_ns();  // when a byte last moved
  uint64_t sent_bytes_ = 0;
  size_t header_bytes_ = 0;  // of the hop that reply_ is of
  HttpReply reply_;
  std::optional<Error> own_error_;  // why a callback stopped the call
};

}  // namespace quire::net
