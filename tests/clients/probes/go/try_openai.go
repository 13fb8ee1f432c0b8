// go: github.com/openai/openai-go/v3@v3.99.0
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

var client = openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("any"), option.WithMaxRetries(0))
var ctx = context.Background()

func asked() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say this is a test")}}
}

func chat() error {
	completion, err := client.Chat.Completions.New(ctx, asked())
	if err != nil {
		return err
	}
	return isSaid(completion.Choices[0].Message.Content)
}

func stream() error {
	events := client.Chat.Completions.NewStreaming(ctx, asked())
	sum := openai.ChatCompletionAccumulator{}
	var pieces []string
	for events.Next() {
		chunk := events.Current()
		sum.AddChunk(chunk)
		if len(chunk.Choices) > 0 && chunk.Choices[0].Delta.Content != "" {
			pieces = append(pieces, chunk.Choices[0].Delta.Content)
		}
	}
	if events.Err() != nil {
		return events.Err()
	}
	if err := isStreamed(pieces); err != nil {
		return err
	}
	return isSaid(sum.Choices[0].Message.Content)
}

func tools() error {
	params := asked()
	params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(
		openai.FunctionDefinitionParam{Name: "get_weather", Parameters: weather})}
	completion, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	message := completion.Choices[0].Message
	if len(message.ToolCalls) == 0 {
		return fmt.Errorf("no calls: %s", message.RawJSON())
	}
	params.Messages = append(params.Messages, message.ToParam())
	for _, call := range message.ToolCalls {
		if err := isWeather(call.Function.Arguments); err != nil {
			return err
		}
		params.Messages = append(params.Messages, openai.ToolMessage("14 degrees", call.ID))
	}
	if completion, err = client.Chat.Completions.New(ctx, params); err != nil {
		return err
	}
	return isSaid(completion.Choices[0].Message.Content)
}

func schema() error {
	params := asked()
	params.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{
		OfJSONSchema: &openai.ResponseFormatJSONSchemaParam{JSONSchema: openai.ResponseFormatJSONSchemaJSONSchemaParam{
			Name: "weather", Schema: weather, Strict: openai.Bool(true)}}}
	completion, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return err
	}
	return isWeather(completion.Choices[0].Message.Content)
}

func embed() error {
	answer, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: model,
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"The quick", "brown fox"}}})
	if err != nil {
		return err
	}
	if len(answer.Data) != 2 {
		return fmt.Errorf("%d vectors", len(answer.Data))
	}
	return isVector(answer.Data[1].Embedding, "brown fox")
}

func respond() error {
	params := responses.ResponseNewParams{Model: model,
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Write me a haiku")}}
	response, err := client.Responses.New(ctx, params)
	if err != nil {
		return err
	}
	if err := isSaid(response.OutputText()); err != nil {
		return err
	}
	params.PreviousResponseID = openai.String(response.ID)
	events := client.Responses.NewStreaming(ctx, params)
	var pieces []string
	for events.Next() {
		if event := events.Current(); event.Type == "response.output_text.delta" {
			pieces = append(pieces, event.Delta)
		}
	}
	if events.Err() != nil {
		return events.Err()
	}
	return isStreamed(pieces)
}

func respondWithTools() error {
	params := responses.ResponseNewParams{Model: model,
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("What is the weather?")},
		Tools: []responses.ToolUnionParam{{OfFunction: &responses.FunctionToolParam{
			Name: "get_weather", Parameters: weather, Strict: openai.Bool(true)}}}}
	response, err := client.Responses.New(ctx, params)
	if err != nil {
		return err
	}
	for _, item := range response.Output {
		if item.Type != "function_call" {
			continue
		}
		call := item.AsFunctionCall()
		if err := isWeather(call.Arguments); err != nil {
			return err
		}
		params.PreviousResponseID = openai.String(response.ID)
		params.Input = responses.ResponseNewParamsInputUnion{
			OfInputItemList: []responses.ResponseInputItemUnionParam{{
				OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{CallID: openai.String(call.CallID),
					Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("14")}}}}}
		if response, err = client.Responses.New(ctx, params); err != nil {
			return err
		}
		return isSaid(response.OutputText())
	}
	text, _ := json.Marshal(response.Output)
	return fmt.Errorf("no call: %s", text)
}

func cells() []cell {
	return []cell{{"chat", chat}, {"stream", stream}, {"tools", tools}, {"schema", schema}, {"embed", embed},
		{"responses", respond}, {"responses", respondWithTools}}
}
