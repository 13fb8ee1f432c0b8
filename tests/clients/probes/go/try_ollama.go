// go: github.com/ollama/ollama/api@v0.34.2
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	neturl "net/url"

	"github.com/ollama/ollama/api"
)

var ctx = context.Background()

func client() *api.Client {
	base, _ := neturl.Parse(url)
	return api.NewClient(base, http.DefaultClient)
}

func ask(request *api.ChatRequest) (message api.Message, pieces []string, err error) {
	request.Model = model
	if request.Messages == nil {
		request.Messages = []api.Message{{Role: "user", Content: "Name some unusual animals"}}
	}
	err = client().Chat(ctx, request, func(part api.ChatResponse) error {
		if part.Message.Content != "" {
			pieces = append(pieces, part.Message.Content)
		}
		message.Role = part.Message.Role
		message.Content += part.Message.Content
		message.Thinking += part.Message.Thinking
		message.ToolCalls = append(message.ToolCalls, part.Message.ToolCalls...)
		return nil
	})
	return
}

func chat() error {
	whole := false
	message, _, err := ask(&api.ChatRequest{Stream: &whole})
	if err != nil {
		return err
	}
	if err := isSaid(message.Content); err != nil {
		return err
	}
	thinks := &api.ThinkValue{Value: true}
	if message, _, err = ask(&api.ChatRequest{Think: thinks}); err != nil {
		return err
	}
	if message.Thinking == "" {
		return fmt.Errorf("no thinking: %v", message)
	}
	shown, err := client().Show(ctx, &api.ShowRequest{Model: model})
	if err != nil {
		return err
	}
	if fmt.Sprint(shown.Capabilities) != "[completion tools thinking]" {
		return fmt.Errorf("capabilities: %v", shown.Capabilities)
	}
	return isSaid(message.Content)
}

func stream() error {
	_, pieces, err := ask(&api.ChatRequest{})
	if err != nil {
		return err
	}
	return isStreamed(pieces)
}

func tools() error {
	var tool api.Tool
	text, _ := json.Marshal(map[string]any{"type": "function",
		"function": map[string]any{"name": "get_weather", "description": "Weather", "parameters": weather}})
	if err := json.Unmarshal(text, &tool); err != nil {
		return err
	}
	request := &api.ChatRequest{Tools: api.Tools{tool}}
	message, _, err := ask(request)
	if err != nil {
		return err
	}
	if len(message.ToolCalls) == 0 {
		return fmt.Errorf("no calls: %v", message)
	}
	request.Messages = append(request.Messages, message)
	for _, call := range message.ToolCalls {
		if err := isWeather(call.Function.Arguments.String()); err != nil {
			return err
		}
		request.Messages = append(request.Messages, api.Message{Role: "tool", Content: "14", ToolName: call.Function.Name})
	}
	if message, _, err = ask(request); err != nil {
		return err
	}
	return isSaid(message.Content)
}

func schema() error {
	form, _ := json.Marshal(weather)
	message, _, err := ask(&api.ChatRequest{Format: form})
	if err != nil {
		return err
	}
	return isWeather(message.Content)
}

func embed() error {
	answer, err := client().Embed(ctx, &api.EmbedRequest{Model: model, Input: []string{"The quick", "brown fox"}})
	if err != nil {
		return err
	}
	if len(answer.Embeddings) != 2 {
		return fmt.Errorf("%d vectors", len(answer.Embeddings))
	}
	return isVector(answer.Embeddings[1], "brown fox")
}

func cells() []cell {
	return []cell{{"chat", chat}, {"stream", stream}, {"tools", tools}, {"schema", schema}, {"embed", embed}}
}
