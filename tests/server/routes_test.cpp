#include <gtest/gtest.h>

#include "server/routes/handlers.h"
#include "server/routes/table.h"

namespace quire::server {
namespace {

TEST(Routes, tell_a_wrong_method_from_a_wrong_path) {
  const RouteTable table = make_routes();
  EXPECT_NE(table.match("GET", "/").route, nullptr);
  EXPECT_NE(table.match("HEAD", "/api/version").route, nullptr);
  EXPECT_EQ(table.match("PUT", "/api/chat").route, nullptr);
  EXPECT_EQ(table.match("PUT", "/api/chat").allow, "POST");
  EXPECT_EQ(table.match("", "/api/tags").allow, "GET, HEAD");
  EXPECT_EQ(table.match("GET", "/api/chats").allow, "");
  EXPECT_EQ(table.match("GET", "/v1/models/a/b:c").argument, "a/b:c");
  EXPECT_EQ(table.match("GET", "/v1/models/").allow, "");
}

TEST(Routes, lead_to_the_page_and_its_files) {
  const RouteTable table = make_routes();
  EXPECT_EQ(table.match("GET", "/ui").route->handler, &page);
  EXPECT_EQ(table.match("HEAD", "/ui/").route->handler, &page);
  EXPECT_EQ(table.match("GET", "/ui/page.css").argument, "page.css");
  EXPECT_EQ(table.match("POST", "/ui/page.css").allow, "GET, HEAD");
  EXPECT_EQ(table.match("GET", "/uix").allow, "");
}

TEST(Routes, have_the_name_of_their_pattern_whatever_stands_for_the_star) {
  const RouteTable table = make_routes();
  EXPECT_EQ(table.name("/api/requests/17"), "/api/requests/");
  EXPECT_EQ(table.name("/api/chat"), "/api/chat");
  EXPECT_EQ(table.name("/api/../etc"), "other");
}

TEST(Routes, take_every_endpoint_of_every_dialect) {
  const RouteTable table = make_routes();
  for (const api::Dialect* dialect : api::dialects()) {
    for (const api::Endpoint* endpoint : dialect->endpoints) {
      const RouteMatch match = table.match("POST", endpoint->path);
      ASSERT_NE(match.route, nullptr) << endpoint->path;
      EXPECT_EQ(match.route->endpoint, endpoint);
      EXPECT_EQ(match.route->right, Right::infer);
      EXPECT_EQ(&api::dialect_of_path(endpoint->path), dialect);
    }
  }
}

TEST(Routes, say_the_methods_of_a_path_that_several_rows_have) {
  const RouteTable table({{"HEAD", "/b/*", Right::read, page}, {"POST", "/b/*", Right::manage, page}});
  EXPECT_EQ(table.match("POST", "/b/x").route->right, Right::manage);
  EXPECT_EQ(table.match("DELETE", "/b/x").allow, "HEAD, POST");
}

}  // namespace
}  // namespace quire::server
