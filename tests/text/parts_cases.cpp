#include "text/parts_cases.h"

namespace quire::parts {

namespace {

constexpr AnswerCase cases[] = {
    {"hermes-thinking", "<|im_start|>assistant\n",
     "<think>\nLook.\n</think>\n\nSure:\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": "
     "\"Pa}ris\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>",
     "thinking Look.\ncontent Sure:\ncall 0 get_weather\narguments {\"city\": \"Pa}ris\"}\nend 0\ncall 1 add\n"
     "arguments {}\nend 1\n"},
    {"hermes-thinking", "<|im_start|>assistant\n<think>\n", "Look.</think>Yes <think> no",
     "thinking Look.\ncontent Yes <think> no\n"},
    {"hermes", "", "<tool_call>{\"arguments\": {\"a\": [1, \"]\"]}, \"name\": \"add\"}</tool_call>",
     "call 0 add\narguments {\"a\": [1, \"]\"]}\nend 0\n"},
    {"hermes", "", "<tool_call>{\"name\": \"add\", \"arguments\": \"{\\\"a\\\": \\\"\\u00e9\\ud83d\\ude42\\\"}\"}",
     "call 0 add\narguments {\"a\": \"é🙂\"}\nend 0\n"},
    {"qwen-xml", "",
     "On it.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\nNew\n \"York\" </par\n</parameter>\n"
     "<parameter=days>\n3\n</parameter>\n<parameter=metric>\nTrue\n</parameter>\n<parameter=tags>\n[\"a\", 'b']\n"
     "</parameter>\n<parameter=note>\nNone\n</parameter>\n</function>\n</tool_call>\n",
     "content On it.\ncall 0 get_weather\narguments {\"city\":\"New\\n \\\"York\\\" "
     "</par\",\"days\":3,\"metric\":true,"
     "\"tags\":[\"a\",\"b\"],\"note\":null}\nend 0\n"},
    {"qwen-xml-thinking", "<think>\n",
     "Hm\n</think>\n\n<function=add>\n</function>\n</tool_call>\n<tool_call>\n<function=add>\n<parameter=x>\n1.5\n"
     "</parameter>\n</function>\n</tool_call>",
     "thinking Hm\ncall 0 add\narguments {}\nend 0\ncall 1 add\narguments {\"x\":1.5}\nend 1\n"},
    {"seed", "",
     "<seed:think>So</seed:think>\n\n<seed:tool_call>\n<function=get_weather>\n<parameter=city>\nA</parameter>\n"
     "<parameter=days>x</parameter>\n</function>\n</seed:tool_call>",
     "thinking So\ncall 0 get_weather\narguments {\"city\":\"\\nA\",\"days\":\"x\"}\nend 0\n"},
    {"glm", "<|assistant|>",
     "\n<think>So</think>\nFine.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Bonn</arg_value>\n"
     "<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call><tool_call>add</tool_call>",
     "thinking So\ncontent Fine.\ncall 0 get_weather\narguments {\"city\":\"Bonn\",\"days\":2}\nend 0\ncall 1 add\n"
     "arguments {}\nend 1\n"},
    {"hunyuan", "",
     "<think:opensource></"
     "think:opensource>Ok<tool_calls:opensource>\n<tool_call:opensource>add<tool_sep:opensource>\n"
     "<arg_key:opensource>a</arg_key:opensource>\n<arg_value:opensource>{\"b\": 1}</arg_value:opensource>\n"
     "</tool_call:opensource>\n</tool_calls:opensource>",
     "content Ok\ncall 0 add\narguments {\"a\":{\"b\": 1}}\nend 0\n"},
    {"minimax", "]~b]ai\n<think>\n",
     "Why\n</think>\n\n<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">1</parameter>\n"
     "</invoke>\n<invoke name=\"add\">\n</invoke>\n</minimax:tool_call>",
     "thinking Why\ncall 0 get_weather\narguments {\"city\":\"1\"}\nend 0\ncall 1 add\narguments {}\nend 1\n"},
    {"minimax-nested", "",
     "</mm:think>c]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke "
     "name=\"get_weather\">]<]minimax[>[<city>1]<]minimax[>["
     "</city>]<]minimax[>[<tags>]<]minimax[>[<item>a]<]minimax[>[</"
     "item>]<]minimax[>[<item>]<]minimax[>[<k>2]<]minimax[>["
     "</k>]<]minimax[>[</item>]<]minimax[>[</tags>]<]minimax[>[</invoke>\n]<]minimax[>[<invoke name=\"add\">"
     "]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>",
     "content c\ncall 0 get_weather\narguments {\"city\":\"1\",\"tags\":[\"a\",{\"k\":2}]}\nend 0\ncall 1 add\n"
     "arguments {}\nend 1\n"},
    {"deepseek-xml", "<｜Assistant｜><think>",
     "t</think>\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"add\">\n<｜DSML｜parameter name=\"a\" "
     "string=\"true\">1</｜DSML｜parameter>\n<｜DSML｜parameter name=\"b\" string=\"false\">1</｜DSML｜parameter>\n"
     "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
     "thinking t\ncall 0 add\narguments {\"a\":\"1\",\"b\":1}\nend 0\n"},
    {"kimi-xtml", "<|open|>think<|sep|>",
     "t<|close|>think<|sep|><|open|>response<|sep|>r<|close|>response<|sep|><|open|>tools<|sep|><|open|>call "
     "tool=\"add\" index=\"1\"<|sep|><|open|>argument key=\"a\" type=\"number\"<|sep|>1<|close|>argument<|sep|>"
     "<|open|>argument key=\"b\" type=\"string\"<|sep|>1<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools"
     "<|sep|>",
     "thinking t\ncontent r\ncall 0 add\narguments {\"a\":1,\"b\":\"1\"}\nend 0\n"},
    {"kimi-thinking", "",
     "<think>a<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0<|tool_call_argument_begin|>{\"a\": 1}"
     "<|tool_call_end|><|tool_call_begin|>functions.get_weather:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
     "<|tool_calls_section_end|>",
     "thinking a\ncall 0 add id=functions.add:0\narguments {\"a\": 1}\nend 0\ncall 1 get_weather "
     "id=functions.get_weather:1\narguments {}\nend 1\n"},
    {"kimi", "", "c<|tool_calls_section_begin|> <|tool_call_begin|>functions.add:3 <|tool_call_argument_begin|> {}",
     "content c\ncall 0 add id=functions.add:3\narguments {}\nend 0\n"},
    {"minicpm", "",
     "<function name=\"get_weather\"><param name=\"city\"><![CDATA[<a>]]></param><param name=\"days\">3</param>"
     "<param name=\"tags\"></param></function><function name=\"add\"></function>",
     "call 0 get_weather\narguments {\"city\":\"<a>\",\"days\":3,\"tags\":\"\"}\nend 0\ncall 1 add\narguments {}\n"
     "end 1\n"},
    {"solar", "<|begin|>assistant",
     "<|think|>t<|end|><|begin|>assistant<|content|>c<|begin|>assistant<|tool_calls|><|tool_call:begin|>id1"
     "<|tool_call:name|>add<|tool_call:args|>{}<|tool_call:end|><|calls|>",
     "thinking t\ncontent c\ncall 0 add id=id1\narguments {}\nend 0\n"},
    {"deepseek", "<｜Assistant｜></think>",
     "Let me.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"X\"}<｜tool▁call▁end｜>"
     "<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{\"a\": "
     "1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
     "content Let me.\ncall 0 get_weather\narguments {\"city\": \"X\"}\nend 0\ncall 1 add\narguments {\"a\": 1}\n"
     "end 1\n"},
    {"command-r7b", "",
     "<|START_THINKING|>I will.<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": "
     "\"get_weather\", \"parameters\": {\"city\": \"X\"}},\n    {\"tool_call_id\": \"1\", \"tool_name\": \"add\", "
     "\"parameters\": {}}\n]<|END_ACTION|>",
     "thinking I will.\ncall 0 get_weather id=0\narguments {\"city\": \"X\"}\nend 0\ncall 1 add id=1\narguments {}\n"
     "end 1\n"},
    {"command-r7b", "", "<|START_RESPONSE|>Hi!<|END_RESPONSE|>", "content Hi!\n"},
    {"command-r", "",
     "Plan.\nAction:\n```json\n[\n    {\n        \"tool_name\": \"add\",\n        \"parameters\": {}\n    }\n]```\n",
     "content Plan.\ncall 0 add\narguments {}\nend 0\n"},
    {"mistral-thinking", "[/INST]", "[THINK]t[/THINK]c[TOOL_CALLS]add[ARGS]{\"a\": 1}[TOOL_CALLS]get_weather[ARGS]{}",
     "thinking t\ncontent c\ncall 0 add\narguments {\"a\": 1}\nend 0\ncall 1 get_weather\narguments {}\nend 1\n"},
    {"mistral", "", "[TOOL_CALLS]add[CALL_ID]abcdefgh1[ARGS]{\"a\": 1}",
     "call 0 add id=abcdefgh1\narguments {\"a\": 1}\nend 0\n"},
    {"mistral-array", "",
     "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"a\": 1}, \"id\": \"abcdefgh1\"}, {\"name\": "
     "\"get_weather\", "
     "\"arguments\": {}}]",
     "call 0 add id=abcdefgh1\narguments {\"a\": 1}\nend 0\ncall 1 get_weather\narguments {}\nend 1\n"},
    {"apriel", "",
     "<thinking>t</thinking>\n<tool_calls>[{\"name\": \"add\", \"arguments\": {}, \"id\": \"1\"}]</tool_calls>",
     "thinking t\ncall 0 add id=1\narguments {}\nend 0\n"},
    {"minimax-json", "",
     "<tool_calls>\n{\"name\": \"add\", \"arguments\": {}}\n{\"name\": \"add\", \"arguments\": {}}\n</tool_calls>",
     "call 0 add\narguments {}\nend 0\ncall 1 add\narguments {}\nend 1\n"},
    {"apertus", "", "<|inner_prefix|>t<|inner_suffix|>c<|tools_prefix|>[{\"add\": {\"a\": 1}}]<|tools_suffix|>",
     "thinking t\ncontent c\ncall 0 add\narguments {\"a\": 1}\nend 0\n"},
    {"gigachat", "", "c<|function_call|>{\"name\": \"add\", \"arguments\": {}}",
     "content c\ncall 0 add\narguments {}\nend 0\n"},
    {"gigachat-role", "", "function call<|role_sep|>\n{\"name\": \"add\", \"arguments\": {}}",
     "call 0 add\narguments {}\nend 0\n"},
    {"functools", "", " functools[{\"name\": \"add\", \"arguments\": {}}, {\"name\": \"add\", \"arguments\": {}}]",
     "call 0 add\narguments {}\nend 0\ncall 1 add\narguments {}\nend 1\n"},
    {"phi", "", "<|tool_call|>[{\"name\": \"add\", \"arguments\": {}}]<|/tool_call|>",
     "call 0 add\narguments {}\nend 0\n"},
    {"granite", "", "<think>t</think><response>r</response><|tool_call|>[{\"name\": \"add\", \"arguments\": {}}]",
     "thinking t\ncontent r\ncall 0 add\narguments {}\nend 0\n"},
    {"lfm", "",
     "<|tool_call_start|>[get_weather(city='it\\'s \"x\"\\n', days=3, tags=[\"a\", (1, -2.5e3), {'k': None, 2: {}}], "
     "metric=True), add()]<|tool_call_end|>ok",
     "call 0 get_weather\narguments {\"city\":\"it's "
     "\\\"x\\\"\\n\",\"days\":3,\"tags\":[\"a\",[1,-2.5e3],{\"k\":null,"
     "\"2\":{}}],\"metric\":true}\nend 0\ncall 1 add\narguments {}\nend 1\ncontent ok\n"},
    {"lfm-thinking", "",
     "<think>t</think><|tool_call_start|>[add(a=\"\", b='''x'y''', c=[], d=nothing)]<|tool_call_end|>",
     "thinking t\ncall 0 add\narguments {\"a\":\"\",\"b\":\"x'y\",\"c\":[],\"d\":\"nothing\"}\nend 0\n"},
    {"olmo", "", "<function_calls>\nadd(a=1)\nadd(a=2)\n</function_calls>",
     "call 0 add\narguments {\"a\":1}\nend 0\ncall 1 add\narguments {\"a\":2}\nend 1\n"},
    {"llama", "", "{\"name\": \"add\", \"parameters\": {\"a\": 1}}", "call 0 add\narguments {\"a\": 1}\nend 0\n"},
    {"llama", "", "<|python_tag|>{\"type\": \"function\", \"name\": \"add\", \"parameters\": {}}; {\"name\": \"add\"}",
     "call 0 add\narguments {}\nend 0\ncall 1 add\narguments {}\nend 1\n"},
    {"llama", "", "<|python_tag|>get_weather.call(city=\"X\")",
     "call 0 get_weather\narguments {\"city\":\"X\"}\nend 0\n"},
    {"llama", "", "<function=add>{\"a\": 1}</function>", "call 0 add\narguments {\"a\": 1}\nend 0\n"},
    {"llama", "", "{\"name\": \"Bob\"} is {\"name\": \"add\", \"parameters\": {}}",
     "content {\"name\": \"Bob\"} is {\"name\": \"add\", \"parameters\": {}}\n"},
    {"llama-python", "", "[add(a=1), get_weather(city=\"X\")]",
     "call 0 add\narguments {\"a\":1}\nend 0\ncall 1 get_weather\narguments {\"city\":\"X\"}\nend 1\n"},
    {"functionary", "", "c<function=add>{\"a\": 1}</function><function=add>{}</function>",
     "content c\ncall 0 add\narguments {\"a\": 1}\nend 0\ncall 1 add\narguments {}\nend 1\n"},
    {"gemma", "<|turn>model\n",
     "<|channel>thought\nt\n<channel|><|tool_call>call:get_weather{city:<|\"|>a "
     "\"b\"\n{<|\"|>,days:3,tags:[<|\"|>x<|\"|>],"
     "where:{lat:1.5,ok:true,none:null}}<tool_call|><|tool_call>call:add{}<tool_call|>",
     "thinking t\ncall 0 get_weather\narguments {\"city\":\"a \\\"b\\\"\\n{\",\"days\":3,\"tags\":[\"x\"],\"where\":"
     "{\"lat\":1.5,\"ok\":true,\"none\":null}}\nend 0\ncall 1 add\narguments {}\nend 1\n"},
    {"functiongemma", "", "<start_function_call>call:add{a:<escape>x<escape>,b:New York}<end_function_call>",
     "call 0 add\narguments {\"a\":\"x\",\"b\":\"New York\"}\nend 0\n"},
    {"harmony", "<|start|>assistant",
     "<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>commentary<|message|>Let me.<|end|><|start|>"
     "assistant<|channel|>commentary to=functions.add <|constrain|>json<|message|>{\"a\": 1}<|call|>",
     "thinking t\ncontent Let me.\ncall 0 add\narguments {\"a\": 1}\nend 0\n"},
    {"harmony", "<|start|>assistant", " to=functions.add<|channel|>commentary json<|message|>{}",
     "call 0 add\narguments {}\nend 0\n"},
    {"harmony", "<|start|>assistant<|channel|>final<|message|>Go", " on.<|return|>", "content  on.\n"},
    {"harmony", "<|start|>assistant", "Plain <b>text</b>.", "content Plain <b>text</b>.\n"},
    {"thinking", "", "\n<think>\n\n</think>\n\nHi\n", "content Hi\n\n"},
    {"thinking", "", "\n Hi </think> there", "content \n Hi </think> there\n"},
};

}  // namespace

std::span<const AnswerCase> answer_cases() { return cases; }

}  // namespace quire::parts
