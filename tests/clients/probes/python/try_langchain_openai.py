# pip: langchain==1.5.2 langchain-openai==1.7.4
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from langchain.agents import create_agent
from langchain_cells import Joke, declare_cells, get_weather, takes_a_joke_each_way
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings

llm = ChatOpenAI(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, max_retries=0)
responding = ChatOpenAI(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, max_retries=0, use_responses_api=True)
declare_cells(llm, stream_usage=True)


@cell("tools")
def tools_streamed():
    chunks = None
    for chunk in llm.bind_tools([get_weather], tool_choice="any").stream("How is it?"):
        chunks = chunk if chunks is None else chunks + chunk
    assert chunks.tool_calls, chunks


@cell("schema")
def schema():
    takes_a_joke_each_way(llm)


@cell("embed")
def embed():
    vectors = OpenAIEmbeddings(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, check_embedding_ctx_length=False)
    is_vector(vectors.embed_query("hello"), "hello")
    is_vector(vectors.embed_documents(["one", "two"])[1], "two")


@cell("responses")
def responses():
    is_said(responding.invoke("Hello").text)
    is_streamed([chunk.text for chunk in responding.stream("Hello")])
    assert responding.bind_tools([get_weather]).invoke("weather?").tool_calls
    assert isinstance(responding.with_structured_output(Joke).invoke("joke"), Joke)
    answer = create_agent(responding, tools=[get_weather]).invoke({"messages": [{"role": "user", "content": "sf?"}]})
    is_said(answer["messages"][-1].text)


@cell("completions")
def completions():
    assert OpenAI(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, max_retries=0, max_tokens=8).invoke("Hello<|say|>")


run()
