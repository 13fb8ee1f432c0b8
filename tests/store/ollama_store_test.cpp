// A store that Ollama's own `create` wrote (tests/data/ollama_store; tools/peers/shared_store writes it anew, and
// compares both programs). Its weights are those of tests/data/models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "store/create.h"
#include "store/model_defaults.h"
#include "store/modelfile.h"
#include "store/temporary_folder.h"
#include "test_data.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;

fs::path fixture(const fs::path& relative) { return test::own_data_dir() / relative; }

class OllamaStore : public TemporaryFolder {
 protected:
  // The weights' blob in a folder.
  std::string add_weights(const fs::path& root) {
    const Result<BlobHold> blob = StoreFolder::open(root, StoreFolder::Access::writable)
                                      ->put_blob(*read_file(fixture("models/stories260K.gguf"), 2 << 20));
    EXPECT_TRUE(blob) << blob.error().message;
    return blob->digest;
  }

  // The store as Ollama has it, with its weights.
  fs::path copy_store() {
    const fs::path root = folder_ / "ollama";
    fs::create_directories(root);
    for (const char* part : {"blobs", "manifests"}) {
      fs::copy(fixture("ollama_store") / part, root / part, fs::copy_options::recursive);
    }
    add_weights(root);
    return root;
  }

  // As the command line makes a request of a Modelfile, for a model whose weights have been sent.
  static CreateRequest request_of(const std::string& name, const std::string& weights) {
    const Result<std::string> text = read_file(fixture("ollama_store/" + name + ".modelfile"), 1 << 20);
    EXPECT_TRUE(text) << text.error().message;
    const Result<Modelfile> file = Modelfile::parse(*text);
    EXPECT_TRUE(file) << file.error().message;
    CreateRequest request{.name = *ModelName::parse(name),
                          .template_ = file->template_.value_or(""),
                          .system = file->system.value_or(""),
                          .parameters = parameters_json(file->parameters)->json,
                          .licenses = file->licenses};
    const std::string& from = file->from.front();
    if (from.ends_with(".gguf")) {
      request.files = {{from, weights}};
    } else {
      request.from = from;
    }
    for (const auto& [role, content] : file->messages) {
      request.messages += request.messages.empty() ? "[" : ",";
      request.messages += R"({"role":")" + role + R"(","content":")" + content + R"("})";
    }
    if (!request.messages.empty()) request.messages += "]";
    return request;
  }

  // The bytes of every file but the weights, by its place in the store.
  static std::map<std::string, std::string> files_of(const fs::path& root) {
    std::map<std::string, std::string> files;
    for (const char* part : {"blobs", "manifests"}) {
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / part)) {
        if (!entry.is_regular_file() || entry.file_size() > 8 << 10) continue;
        files[fs::relative(entry.path(), root).string()] = *read_file(entry.path(), 8 << 10);
      }
    }
    return files;
  }
};

TEST_F(OllamaStore, is_served_as_its_modelfiles_say) {
  const Catalog catalog({}, {copy_store()});
  const Catalog::Listing listing = catalog.read();
  EXPECT_THAT(listing.problems, ElementsAre());
  ASSERT_EQ(listing.models.size(), 2U);
  EXPECT_EQ(listing.models[0].name, "own:latest");
  EXPECT_EQ(listing.models[1].name, "tiny:latest");
  EXPECT_EQ(*read_file(listing.models[0].path, 2 << 20), *read_file(fixture("models/stories260K.gguf"), 2 << 20));

  const Result<ModelDefaults> tiny = read_defaults(listing.models[1]);
  ASSERT_TRUE(tiny) << tiny.error().message;
  EXPECT_EQ(tiny->template_, "{{ if .System }}<s>{{ .System }}</s>\n{{ end }}{{ .Prompt }} & \"ü\" ");
  EXPECT_EQ(tiny->system, "You are a\npoet <of> & rhyme.");
  EXPECT_EQ(
      tiny->params,
      R"({"min_p":1e-7,"num_ctx":256,"num_predict":20,"repeat_penalty":1,"seed":42,)"
      R"("stop":["\u003cend\u003e","two words"],"temperature":0.5,"top_k":1,"top_p":0.12345679,"use_mmap":true})");
  EXPECT_EQ(tiny->messages, R"([{"role":"user","content":"hi \u003cb\u003e"},)"
                            R"({"role":"assistant","content":"ho \u0026 ü"}])");
  EXPECT_THAT(tiny->licenses, ElementsAre("MIT\nCopyright\n"));

  const Result<ModelDefaults> own = read_defaults(listing.models[0]);
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(own->template_, tiny->template_);
  EXPECT_EQ(own->system, "Be long.");
  EXPECT_EQ(own->messages, tiny->messages);
  EXPECT_THAT(own->licenses, ElementsAre("MIT\nCopyright\n", "Apache"));
}

// So a model has one digest in both programs, and a layer one blob.
TEST_F(OllamaStore, has_the_bytes_that_quire_writes_of_the_same_modelfiles) {
  const fs::path root = folder_ / "quire";
  const StoreFolder store = *StoreFolder::open(root, StoreFolder::Access::writable);
  const Catalog catalog(root);
  const std::string weights = add_weights(root);
  for (const char* name : {"tiny", "own"}) {
    const Result<void> created = create_model(store, catalog, request_of(name, weights), {});
    ASSERT_TRUE(created) << created.error().message;
  }
  const auto ours = files_of(root);
  const auto theirs = files_of(copy_store());
  for (const auto& [path, bytes] : theirs) {
    const auto found = ours.find(path);
    if (found == ours.end()) {
      ADD_FAILURE() << path << " is missing: " << bytes;
    } else {
      EXPECT_EQ(found->second, bytes) << path;
    }
  }
  EXPECT_EQ(ours.size(), theirs.size());
}

}  // namespace
}  // namespace quire::store
