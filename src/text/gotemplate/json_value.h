// JSON documents as values of a template, and the members of JSON objects.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.h"
#include "text/gotemplate/value.h"
#include "text/template_budget.h"

namespace quire::gotemplate {

using Json = nlohmann::ordered_json;

// Tools and messages of real clients are about 10 deep.
constexpr int json_depth_max = 64;

// As Go reads JSON without a type: every number is a float64. Every text in it, keys included, is the user's. An error
// when it is nested too deeply or too large for the memory.
Result<Value> value_of_json(TemplateMemory& memory, const Json& json, int depth = 0);

// A member that is missing is null to Go, and null is the zero of the member's type.
const Json& member(const Json& object, std::string_view name);
// "" by default. An error unless it is a string.
Result<Value> text_member(TemplateMemory& memory, const Json& object, std::string_view name);
Result<Value> any_member(TemplateMemory& memory, const Json& object, std::string_view name, int depth);
// A nil list by default; convert makes the items. An error unless it is an array.
Result<Value> list_member(const ListType& type, const Json& object, std::string_view name,
                          const std::function<Result<Value>(const Json&)>& convert);
// A list of strings.
Result<Value> texts_member(TemplateMemory& memory, const ListType& type, const Json& object, std::string_view name);

// Errors of a request, in whose JSON they are.
std::unexpected<Error> bad_json(std::string_view name, std::string_view wanted);
// An error unless the JSON is an object that is not too deep and there is room for more.
Result<std::monostate> check_object(const TemplateMemory& memory, const Json& json, std::string_view name, int depth);

}  // namespace quire::gotemplate
