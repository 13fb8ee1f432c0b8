// What Ollama makes of each template in DIR/ollama and DIR/more and each conversation of DIR/conversations.json, and
// what Go's text/template makes of small templates (language.go).
//
//	TZ=UTC go run . DIR
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/template"
)

type conversation struct {
	Name     string          `json:"name"`
	Messages []api.Message   `json:"messages"`
	Tools    api.Tools       `json:"tools"`
	Think    *api.ThinkValue `json:"think"`
	Generate *struct {
		System string          `json:"system"`
		Prompt string          `json:"prompt"`
		Suffix string          `json:"suffix"`
		Images []api.ImageData `json:"images"`
	} `json:"generate"`
}

type golden struct {
	Template     string  `json:"template"`
	Conversation string  `json:"conversation"`
	Output       *string `json:"output,omitempty"` // none: it failed
}

// The placeholders that Ollama's server puts where a message has images (its package server keeps that to itself).
func withImageTags(messages []api.Message) []api.Message {
	images := 0
	tagged := append([]api.Message{}, messages...)
	for m := range tagged {
		before := ""
		for range tagged[m].Images {
			tag := fmt.Sprintf("[img-%d]", images)
			images++
			if strings.Contains(tagged[m].Content, "[img]") {
				tagged[m].Content = strings.Replace(tagged[m].Content, "[img]", tag, 1)
			} else {
				before += tag
			}
		}
		tagged[m].Content = before + tagged[m].Content
	}
	return tagged
}

func (c conversation) values() template.Values {
	values := template.Values{Tools: c.Tools, Think: c.Think.Bool(), ThinkLevel: c.Think.String(), IsThinkSet: c.Think != nil}
	if c.Generate == nil {
		values.Messages = withImageTags(c.Messages)
		return values
	}
	if c.Generate.Suffix != "" {
		values.Prompt, values.Suffix = c.Generate.Prompt, c.Generate.Suffix
		return values
	}
	values.Tools = api.Tools{}
	var messages []api.Message
	if c.Generate.System != "" {
		messages = append(messages, api.Message{Role: "system", Content: c.Generate.System})
	}
	messages = append(messages, api.Message{Role: "user", Content: c.Generate.Prompt, Images: c.Generate.Images})
	values.Messages = withImageTags(messages)
	return values
}

// nil when the template fails; Ollama's code panics on some.
func render(source string, c conversation) (output *string) {
	defer func() {
		if recover() != nil {
			output = nil
		}
	}()
	parsed, err := template.Parse(source)
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, c.values()); err != nil {
		return nil
	}
	text := out.String()
	return &text
}

func readJSON(path string, into any) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		log.Fatalf("%s: %v", path, err)
	}
}

func writeRendered(dir string) {
	out, err := os.Create(filepath.Join(dir, "rendered.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	lines.Encode(map[string]any{"now_unix_s": time.Now().Unix(), "ollama": "v0.33.0"})
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.gotmpl"))
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		name, _ := filepath.Rel(dir, path)
		// Rendering changes the messages, so each template reads them anew.
		var conversations []conversation
		readJSON(filepath.Join(dir, "conversations.json"), &conversations)
		for _, c := range conversations {
			lines.Encode(golden{Template: name, Conversation: c.Name, Output: render(string(source), c)})
		}
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: gotemplates DIR")
	}
	writeRendered(os.Args[1])
	writeLanguage(os.Args[1])
}
