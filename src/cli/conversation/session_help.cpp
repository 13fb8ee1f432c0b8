#include "cli/conversation/session_help.h"

namespace quire::cli {

const char* const help_text =
    "Commands:\n"
    "  /set            Change how the model answers, or how it is shown\n"
    "  /show           Show what is known of the model\n"
    "  /list           List the models that are here\n"
    "  /load MODEL     Talk with another model, from the start\n"
    "  /save MODEL     Store the model with this conversation under a name\n"
    "  /clear          Forget what was said\n"
    "  /bye            Leave (so does Ctrl-D)\n"
    "  /?, /help       This; /? set, /? show and /? shortcuts say more\n"
    "\n"
    "\"\"\" begins and ends a message of several lines.\n";

const char* const help_of_set =
    "/set ...\n"
    "  /set parameter NAME VALUE   A sampling parameter; without a name: a list of them\n"
    "  /set system TEXT            The system message\n"
    "  /set verbose | quiet        Show counts and rates after each answer, or not\n"
    "  /set wordwrap | nowordwrap  Break lines between words, or leave them alone\n"
    "  /set history | nohistory    Remember the lines that are typed, or not\n"
    "  /set format json            Answer in JSON\n"
    "  /set noformat               Answer as the model likes\n"
    "  /set think [LEVEL]          Think before answering\n"
    "  /set nothink                Answer at once\n";

const char* const help_of_show =
    "/show ...\n"
    "  /show info          An overview\n"
    "  /show license       The licence\n"
    "  /show modelfile     A Modelfile that makes this model\n"
    "  /show parameters    The parameters, the model's and those set here\n"
    "  /show system        The system message\n"
    "  /show template      The template of prompts\n";

const char* const help_of_parameters =
    "/set parameter ...\n"
    "  temperature N       0: always the likeliest token; higher: more surprising\n"
    "  top_k N             Choose among the N likeliest tokens\n"
    "  top_p P             Choose among the likeliest tokens that add up to P\n"
    "  min_p P             Drop tokens less likely than P times the likeliest\n"
    "  seed N              The same seed gives the same answer\n"
    "  num_predict N       Tokens of an answer at most\n"
    "  num_ctx N           Tokens of the context\n"
    "  repeat_penalty X    How much what was just said is avoided\n"
    "  repeat_last_n N     How many tokens back that looks\n"
    "  stop TEXT...        Where an answer ends\n";

const char* const help_of_shortcuts =
    "Keys:\n"
    "  Ctrl-A, Ctrl-E    To the beginning or the end of the line\n"
    "  Alt-B, Alt-F      A word to the left or to the right\n"
    "  Ctrl-K, Ctrl-U    Delete to the end of the line, or the line\n"
    "  Ctrl-W            Delete the word before the cursor\n"
    "  Ctrl-L            Clear the screen\n"
    "  Ctrl-R            Search the history\n"
    "  Ctrl-C            Stop the answer\n"
    "  Ctrl-D            Leave\n";

}  // namespace quire::cli
