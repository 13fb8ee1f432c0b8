#include "net/transfer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/ascii.h"
#include "net/url.h"

namespace quire::net {
namespace {

bool has_line_break(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

// Larger pieces mean fewer calls of write(2); more than this is not faster.
constexpr long buffer_bytes = 256 << 10;

// Real replies have some kilobytes of headers; without an end of them there would be none to what is kept either.
constexpr size_t header_bytes_max = 256 << 10;

}  // namespace

std::string_view HttpReply::header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (equal_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

Result<std::unique_ptr<Transfer>> Transfer::make(HttpRequest request, BodySink sink) {
  QUIRE_TRY(const Url url, parse_url(request.url));
  for (const HttpHeader& header : request.headers) {
    if (has_line_break(header.name) || has_line_break(header.value)) {
      return fail(ErrorKind::invalid, fmt::format("the header {} would hold a line break", header.name));
    }
  }
  std::unique_ptr<Transfer> transfer(new Transfer(std::move(request), std::move(sink)));
  transfer->peer_ = fmt::format("{}:{}", url.host, url.port);
  transfer->easy_.reset(curl_easy_init());
  if (!transfer->easy_) return fail(ErrorKind::internal, "no memory for an HTTP call");
  transfer->set_up(is_loopback_host(url.host));
  return transfer;
}

void Transfer::set_up(bool loopback) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_words_.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Ranges are fetched side by side for the sake of having several connections; HTTP/2 would put them all in one.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, request_.url.starts_with("https") ? "https" : "http,https");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer_bytes);
  if (loopback) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request_.verifies_tls ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request_.verifies_tls ? 2L : 0L);
  if (const char* file = std::getenv("SSL_CERT_FILE")) curl_easy_setopt(easy, CURLOPT_CAINFO, file);
  if (const char* folder = std::getenv("SSL_CERT_DIR")) curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  set_limits();
  set_method_and_body();
  set_headers();
}

void Transfer::set_limits() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request_.redirects_max > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(request_.redirects_max));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_ms_max));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_ms_max));
}

void Transfer::set_method_and_body() {
  CURL* easy = easy_.get();
  if (const auto* file = std::get_if<FileRange>(&request_.body)) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(file->size_bytes));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, buffer_bytes);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    return;
  }
  const std::string& body = std::get<std::string>(request_.body);
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request_.method == "GET" && body.empty()) {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    if (request_.method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void Transfer::set_headers() {
  const auto add = [&](const std::string& line) {
    header_list_.reset(curl_slist_append(header_list_.release(), line.c_str()));
  };
  bool typed = false;
  for (const HttpHeader& header : request_.headers) {
    typed = typed || equal_ignoring_case(header.name, "Content-Type");
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);  // ";": libcurl's empty header
  }
  if (!typed) add("Content-Type:");  // else libcurl calls every POST a form
  // Servers that do not know "Expect: 100-continue" would cost a second's wait. For a file it may save sending it all.
  if (std::holds_alternative<std::string>(request_.body)) add("Expect:");
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, header_list_.get());
}

bool Transfer::stalled() const {
  return request_.stall_ms_max > 0 && clock_.now_ns() - active_ns_ > request_.stall_ms_max * 1'000'000;
}

size_t Transfer::take_header(std::string_view line) {
  active_ns_ = clock_.now_ns();
  if (line.starts_with("HTTP/")) {  // another hop, or the final reply after an interim one
    reply_.headers.clear();
    header_bytes_ = 0;
    reply_.status = 0;
    const size_t space = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + space + 1, line.data() + line.size(), reply_.status);
    return line.size();
  }
  header_bytes_ += line.size();
  if (header_bytes_ > header_bytes_max) {
    own_error_ =
        Error{.kind = ErrorKind::too_large,
              .message = fmt::format("the reply of {} has more than {} bytes of headers", peer_, header_bytes_max)};
    return 0;
  }
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    reply_.headers.push_back(
        {.name = std::string(line.substr(0, colon)), .value = std::string(trimmed(line.substr(colon + 1)))});
  }
  return line.size();
}

size_t Transfer::take_body(std::string_view bytes) {
  active_ns_ = clock_.now_ns();
  if (sink_ && reply_.ok()) {
    if (sink_(reply_, bytes)) return bytes.size();
    own_error_ = Error{.kind = ErrorKind::cancelled, .message = "the reply is not wanted any more"};
    return 0;
  }
  if (reply_.body.size() + bytes.size() > request_.body_bytes_max) {
    own_error_ =
        Error{.kind = ErrorKind::too_large,
              .message = fmt::format("the reply of {} has more than {} bytes", peer_, request_.body_bytes_max)};
    return 0;
  }
  reply_.body += bytes;
  return bytes.size();
}

size_t Transfer::give_body(char* to, size_t bytes_max) {
  active_ns_ = clock_.now_ns();
  const auto& file = std::get<FileRange>(request_.body);
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(bytes_max, file.size_bytes - sent_bytes_));
  if (wanted == 0) return 0;
  const ssize_t count = ::pread(file.descriptor, to, wanted, static_cast<off_t>(file.offset + sent_bytes_));
  if (count <= 0) {
    own_error_ = Error{.kind = ErrorKind::invalid,
                       .message = count < 0 ? fmt::format("the file to send cannot be read: {}", std::strerror(errno))
                                            : "the file to send has become shorter"};
    return CURL_READFUNC_ABORT;
  }
  sent_bytes_ += static_cast<uint64_t>(count);
  if (request_.on_sent) request_.on_sent(sent_bytes_);
  return static_cast<size_t>(count);
}

size_t Transfer::on_header(char* bytes, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->take_header({bytes, size * count});
}
size_t Transfer::on_body(char* bytes, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->take_body({bytes, size * count});
}
size_t Transfer::on_read(char* to, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->give_body(to, size * count);
}
int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(self)->sent_bytes_ = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

Result<HttpReply> Transfer::take(CURLcode code) {
  if (own_error_) return std::unexpected(*own_error_);
  if (code != CURLE_OK) return std::unexpected(error_of(code));
  const char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url);
  if (url != nullptr) reply_.url = url;
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &retry_after_s);
  reply_.retry_after_s = retry_after_s;
  return std::move(reply_);
}

std::string Transfer::peer_now() const {
  const char* text = nullptr;  // a redirect may have led elsewhere
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &text);
  if (text == nullptr) return peer_;
  const Result<Url> url = parse_url(text);
  return url ? fmt::format("{}:{}", url->host, url->port) : peer_;
}

Error Transfer::error_of(CURLcode code) const {
  const char* words = curl_words_[0] != '\0' ? curl_words_.data() : curl_easy_strerror(code);
  const std::string peer = peer_now();
  const auto io = [](std::string message) { return Error{.kind = ErrorKind::io, .message = std::move(message)}; };
  const auto invalid = [](std::string message) {
    return Error{.kind = ErrorKind::invalid, .message = std::move(message)};
  };
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return io(fmt::format("cannot find the host of {}: no such name, or no network", peer));
    case CURLE_COULDNT_RESOLVE_PROXY:
      return io(fmt::format("cannot find the proxy for {}: {}", peer, words));
    case CURLE_COULDNT_CONNECT: {
      long os_error = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
      return io(fmt::format("cannot connect to {}: {}", peer,
                            os_error != 0 ? std::strerror(static_cast<int>(os_error)) : words));
    }
    case CURLE_OPERATION_TIMEDOUT: {
      double connected_s = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME, &connected_s);
      return io(connected_s > 0 ? fmt::format("{} has gone quiet", peer)
                                : fmt::format("cannot connect to {}: no answer in time", peer));
    }
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return invalid(fmt::format("the certificate of {} is refused: {}", peer, words));
    case CURLE_SSL_CACERT_BADFILE:
      return invalid(fmt::format("the certificates to trust (SSL_CERT_FILE) cannot be read: {}", words));
    case CURLE_SSL_CONNECT_ERROR:
      return io(fmt::format("no TLS connection with {}: {}", peer, words));
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return io(fmt::format("{} closed the connection before the end: {}", peer, words));
    case CURLE_UNSUPPORTED_PROTOCOL:
      return invalid(fmt::format("{} redirects where this may not go: {}", peer, words));
    case CURLE_TOO_MANY_REDIRECTS:
      return invalid(fmt::format("{} redirects more than {} times", peer, request_.redirects_max));
    case CURLE_OUT_OF_MEMORY:
      return {.kind = ErrorKind::internal, .message = "no memory for an HTTP call"};
    default:
      return io(fmt::format("the call of {} failed: {}", peer, words));
  }
}

}  // namespace quire::net
