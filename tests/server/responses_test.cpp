// Responses over the wire: kept, gone on from, shown and deleted.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

class ResponsesServer : public ServerTest {
 protected:
  ResponsesServer() {
    config_.settings.response_folder = folder_ / "quire" / "responses";
    config_.settings.response_bytes_max = 1 << 20;
  }

  Json create(Json call, std::string_view headers = "") {
    call["model"] = "fake";
    return Json::parse(post("/v1/responses", call.dump(), headers).body);
  }
  Json show(const std::string& path, std::string_view headers = "") {
    return Json::parse(get("/v1/responses/" + path, headers).body);
  }
  RawResponse send_delete(const std::string& id, std::string_view headers = "") {
    RawClient client(port());
    client.send("DELETE /v1/responses/" + id + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n");
    return client.response().value_or(RawResponse{});
  }
  static std::string said(const Json& response) { return response["output"][0]["content"][0]["text"]; }
};

TEST_F(ResponsesServer, streams_events_and_keeps_what_they_said) {
  start();
  const RawResponse streamed = post("/v1/responses", R"({"model":"fake","input":"count 3","stream":true})");
  EXPECT_EQ(streamed.status, 200);
  EXPECT_EQ(streamed.header("Content-Type"), "text/event-stream");
  EXPECT_TRUE(streamed.body.starts_with("event: response.created\n"));
  const size_t last = streamed.body.find("event: response.completed\ndata: ");
  ASSERT_NE(last, std::string::npos) << streamed.body;
  const Json response = Json::parse(streamed.body.substr(last + 32))["response"];
  EXPECT_EQ(said(response), "1 2 3 ");
  EXPECT_EQ(response["store"], true);
  EXPECT_EQ(show(response["id"]), response);
}

TEST_F(ResponsesServer, goes_on_from_the_response_before_also_after_a_restart) {
  start();
  const Json first = create({{"input", "echo"}});
  EXPECT_EQ(said(first), "echo");
  const Json second = create({{"input", "more"}, {"previous_response_id", first["id"]}});
  EXPECT_EQ(said(second), "echo|echo|more") << second;
  EXPECT_EQ(second["previous_response_id"], first["id"]);
  stop();
  start();
  // Each has all of what came before: the first may go.
  EXPECT_EQ(send_delete(first["id"]).body,
            R"({"id":)" + first["id"].dump() + R"(,"object":"response","deleted":true})");
  const Json third = create({{"input", "end"}, {"previous_response_id", second["id"]}, {"instructions", "loud"}});
  EXPECT_EQ(said(third), "loud|echo|echo|more|echo|echo|more|end");
  const Json items = show(third["id"].get<std::string>() + "/input_items?order=asc");
  ASSERT_EQ(items["data"].size(), 5U) << items;
  EXPECT_EQ(items["data"][0]["content"][0]["text"], "echo");
  EXPECT_EQ(items["data"][1]["id"], first["output"][0]["id"]);
  EXPECT_EQ(items["has_more"], false);
  // Items of what is kept can be named.
  const Json fourth = create({{"input", Json::array({{{"type", "item_reference"}, {"id", second["output"][0]["id"]}},
                                                     {{"role", "user"}, {"content", "x"}}})}});
  EXPECT_EQ(said(fourth), "echo|echo|more|x");
}

TEST_F(ResponsesServer, has_openais_errors_for_what_is_not_kept) {
  start();
  const Json unstored = create({{"input", "x"}, {"store", false}});
  EXPECT_EQ(unstored["store"], false);
  const auto id = unstored["id"].get<std::string>();
  const std::string missing = R"({"error":{"message":"Response with id ')" + id +
                              R"(' not found.","type":"not_found_error","param":"response_id","code":null}})";
  for (const std::string& path : {id, id + "/input_items"}) {
    const RawResponse shown = get("/v1/responses/" + path);
    EXPECT_EQ(shown.status, 404);
    EXPECT_EQ(shown.body, missing);
  }
  EXPECT_EQ(send_delete(id).status, 404);
  EXPECT_EQ(get("/v1/responses/..%2f..%2ffake.gguf").status, 404);
  const RawResponse refused =
      post("/v1/responses", R"({"model":"fake","input":"x","previous_response_id":")" + id + "\"}");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["error"]["code"], "previous_response_not_found");
  for (const char* path : {"/v1/responses/resp_1/cancel", "/v1/responses/input_tokens"}) {
    const RawResponse unserved = post(path, "{}");
    EXPECT_EQ(unserved.status, 404) << path;
    EXPECT_EQ(Json::parse(unserved.body)["error"]["type"], "not_found_error") << unserved.body;
  }
  EXPECT_EQ(get("/v1/responses").status, 405);
  EXPECT_TRUE(Json::parse(get("/v1/responses").body)["error"].is_object());
  const RawResponse broken = post("/v1/responses", R"({"model":"fake","input":"break","stream":true})");
  EXPECT_NE(broken.body.find("event: response.failed\n"), std::string::npos) << broken.body;
  EXPECT_EQ(post("/v1/responses", R"({"model":"fake","input":"fail"})").status, 500);
}

TEST_F(ResponsesServer, shows_a_response_to_its_key_alone) {
  start();
  const char* mine = "Authorization: Bearer mine\r\n";
  const char* other = "Authorization: Bearer other\r\n";
  const auto id = create({{"input", "secret"}}, mine)["id"].get<std::string>();
  EXPECT_EQ(get("/v1/responses/" + id, other).status, 404);
  EXPECT_EQ(get("/v1/responses/" + id).status, 404);
  EXPECT_EQ(send_delete(id, other).status, 404);
  EXPECT_EQ(create({{"input", "x"}, {"previous_response_id", id}}, other)["error"]["code"],
            "previous_response_not_found");
  EXPECT_EQ(said(show(id, mine)), "secret");
  EXPECT_EQ(send_delete(id, mine).status, 200);
  EXPECT_EQ(get("/v1/responses/" + id, mine).status, 404);
}

TEST_F(ResponsesServer, keeps_nothing_where_it_is_told_not_to_or_cannot) {
  config_.settings.response_bytes_max = 0;
  start();
  const Json off = create({{"input", "x"}});
  EXPECT_EQ(off["store"], false) << "the answer says so";
  EXPECT_EQ(get("/v1/responses/" + off["id"].get<std::string>()).status, 404);
  EXPECT_FALSE(std::filesystem::exists(config_.settings.response_folder));
  stop();
  config_.settings.response_bytes_max = 1 << 20;
  std::filesystem::create_directories(folder_ / "quire");
  std::ofstream(folder_ / "quire" / "responses") << "a file";
  start();
  const Json unwritable = create({{"input", "x"}});
  EXPECT_EQ(said(unwritable), "x");
  EXPECT_EQ(unwritable["store"], false);
}

TEST_F(ResponsesServer, forgets_the_oldest_and_what_was_damaged) {
  config_.settings.response_bytes_max = 4 * 4096;
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(create({{"input", "x"}})["id"]);
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(get("/v1/responses/" + ids[i]).status, i < 2 ? 404 : 200) << i;
  std::ofstream(config_.settings.response_folder / ids.back()) << "damaged";
  EXPECT_EQ(get("/v1/responses/" + ids.back()).status, 404);
  EXPECT_EQ(create({{"input", "x"}, {"previous_response_id", ids.back()}})["error"]["code"],
            "previous_response_not_found");
}

}  // namespace
}  // namespace quire::server::test
