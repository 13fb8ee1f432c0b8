// An answer that is written as it comes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/error.h"
#include "server/asio.h"

namespace quire::server {

// The io thread only.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Until there is something to write, or the answer has ended or was given up.
  virtual asio::awaitable<void> wait() = 0;
  // False: what take() gives at the end is the whole of a response.
  virtual bool streaming() const = 0;
  // Nothing is added to it any more.
  virtual bool ended() const = 0;
  // Too slow a reader, or a client that is gone.
  virtual bool given_up() const = 0;
  // An error that came before any byte, so that its status can still be sent.
  virtual const std::optional<api::ApiError>& refusal() const = 0;
  virtual std::string_view content_type() const = 0;
  // What is to be written now. From the first call on the answer's status is taken as sent.
  virtual std::string take() = 0;
  // The client is gone: nothing more is written.
  virtual void abandon() = 0;
  virtual void wake() = 0;
};

}  // namespace quire::server
