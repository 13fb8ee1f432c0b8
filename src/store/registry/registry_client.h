// One repository of a registry, as a client asks it: addresses, tokens, tries.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_client.h"
#include "net/url.h"
#include "store/model_name.h"
#include "store/registry/challenge.h"
#include "store/registry/signing_key.h"
#include "store/registry/surroundings.h"

namespace quire::store::registry {

// Lives for one pull or push; one thread. Everything that it borrows must outlive it.
//
// Nobody is asked who they are until the registry answers 401. Then a token is fetched: without a name first, and where
// that is not enough signed with this machine's key; Ollama's own registry, which wants it always, gets the signature
// at once. A signature goes only to the registry itself, never to a token server elsewhere, and a token only to the
// registry. A token that worked and does no more has expired and is fetched again.
class RegistryClient {
 public:
  // ErrorKind::invalid "insecure protocol http" for a name that was written with http:// unless `insecure`.
  // Insecure: http when the registry speaks it, else https with any certificate. The first call finds out which.
  static Result<RegistryClient> open(const ModelName& name, bool insecure, const Surroundings& surroundings,
                                     const Hooks& hooks);

  // What a call begins with: the address `tail` of the repository ("manifests/latest").
  net::HttpRequest request(std::string_view method, std::string_view tail) const;
  // The same for an absolute address or one relative to `base`, as a Location has it.
  Result<net::HttpRequest> request_at(std::string_view method, std::string_view base, std::string_view location) const;

  // Sends it, with a token if there is one, answers a challenge, and tries again after a while when the network or the
  // registry fails for the moment (429, 5xx). Any other status is the reply.
  Result<net::HttpReply> call(const net::HttpRequest& request, int tries_max);

  // For calls that somebody else sends. Adds the token and returns it ("": there is none yet). None: the address is not
  // the registry's, and no token goes there.
  std::optional<std::string> authorize(net::HttpRequest& request) const;
  // Answers the 401 that a call with `used_token` got: afterwards there is another token. An error where none may go.
  Result<void> answer_challenge(const net::HttpReply& refusal, const std::optional<std::string>& used_token);
  // A call was not refused as 401.
  void note_accepted() { token_worked_ = true; }

  const std::string& host() const { return name_.host; }

 private:
  RegistryClient(const ModelName& name, const Surroundings& surroundings, const Hooks& hooks)
      : name_(name), surroundings_(&surroundings), hooks_(&hooks), backoff_(surroundings.seed) {}
  Result<void> choose_scheme();
  void use_scheme(std::string_view scheme);
  Result<std::string> fetch_token(const Challenge& challenge, bool sign);
  Result<net::HttpReply> ask_token_server(const std::string& url, const std::string& authorization);
  bool may_sign_for(const Challenge& challenge) const;
  std::unexpected<Error> denied() const;

  ModelName name_;
  const Surroundings* surroundings_;
  const Hooks* hooks_;
  Backoff backoff_;
  std::string base_;  // SCHEME://HOST
  net::Url origin_;
  bool verifies_tls_ = true;
  std::string token_;
  bool token_worked_ = false;
  bool token_signed_ = false;
  std::optional<SigningKey> key_;
  std::unique_ptr<net::HttpClient> http_ = std::make_unique<net::HttpClient>();
};

// The server may do better after a while: too many requests, or a failure of its own.
bool may_pass(int status);

}  // namespace quire::store::registry
