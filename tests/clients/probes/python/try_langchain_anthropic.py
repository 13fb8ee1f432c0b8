# pip: langchain==1.5.2 langchain-anthropic==1.7.10
from cells import KEY, MODEL, URL, cell, run
from langchain_anthropic import ChatAnthropic
from langchain_cells import declare_cells, takes_a_joke_each_way

llm = ChatAnthropic(base_url=URL, api_key=KEY, model=MODEL, max_retries=0)
declare_cells(llm)


@cell("schema")
def schema():
    takes_a_joke_each_way(llm)


run()
