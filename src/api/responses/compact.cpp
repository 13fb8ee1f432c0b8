#include "api/responses/compact.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "api/json_text.h"
#include "api/openai/answer.h"
#include "api/responses/item.h"
#include "api/responses/items.h"
#include "api/responses/request.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;

const char* const question =
    "Write down in short all that is needed to go on with this conversation without seeing it: what was asked for and "
    "what of it is done, what was decided and why, what tools have brought to light, and what comes next. Write "
    "nothing "
    "else.";

// Templates insist on turns: what the user has said last and the question are one.
void ask(GenerationCall& call) {
  if (!call.messages.empty() && call.messages.back().role == "user") {
    call.messages.back().content += std::string("\n\n") + question;
  } else {
    call.messages.push_back({.role = "user", .content = question});
  }
}

class CompactWriter final : public AnswerWriter {
 public:
  explicit CompactWriter(AnswerHead head) : head_(std::move(head)) {}

  std::string_view content_type() const override { return "application/json"; }

  void delta(size_t, const AnswerDelta& delta, int64_t, std::string&) override {
    for (const parts::Part& part : delta.parts) {
      if (const auto* said = std::get_if<parts::Content>(&part)) summary_ += said->text;
    }
  }

  void finish(size_t, const Finished& finished, const AnswerTimes&, int64_t, std::string& out) override {
    Json output = Json::array();
    const Json items = Json::parse(head_.kept.items, nullptr, false);
    for (const Json& item : items) {
      if (item.value("role", "") != "user") continue;
      output.push_back(item);
      if (!item.contains("id")) output.back()["id"] = item_id("msg", head_.id, std::to_string(output.size() - 1));
    }
    output.push_back({{"id", item_id("cmp", head_.id, std::to_string(output.size()))},
                      {"type", "compaction"},
                      {"encrypted_content", sealed_text(summary_)}});
    out += to_text({{"id", head_.id},
                    {"object", "response.compaction"},
                    {"created_at", head_.created_unix_s},
                    {"output", std::move(output)},
                    {"usage", usage_json(finished.stats, 0)}});
  }

  void fail(const ApiError& error, bool, std::string& out) override { out += openai::error_body(error); }

 private:
  const AnswerHead head_;
  std::string summary_;
};

}  // namespace

ApiResult<GenerationCall> parse_compact(std::string_view body) {
  QUIRE_TRY(GenerationCall call, parse_responses(body));
  if (call.stream) return refuse(400, "\"stream\" is not supported", "stream");
  call.kept.keeps = false;
  call.tools.clear();
  call.tool_choice = {};
  call.constraint.reset();
  if (call.kept.from.empty()) ask(call);
  return call;
}

ApiResult<void> resume_compact(GenerationCall& call, std::span<const std::optional<std::string>> records) {
  QUIRE_TRY_VOID(resume(call, records));
  ask(call);
  return {};
}

std::unique_ptr<AnswerWriter> make_compact_writer(AnswerHead head) {
  return std::make_unique<CompactWriter>(std::move(head));
}

}  // namespace quire::api::responses
