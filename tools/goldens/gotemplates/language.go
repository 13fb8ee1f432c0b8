package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"text/template"
)

// What every small template sees.
const languageData = `{
  "s": "text", "empty": "", "user": "<b>&\"'=\\ ü\n日 \u2028", "spaces": "  x ",
  "one": 1, "zero": 0, "half": 0.5, "neg": -3, "big": 123456789, "million": 1e6, "huge": 1e21, "tiny": 0.0000001, "third": 0.3333333333333333,
  "t": true, "f": false, "n": null,
  "list": ["a", "b", "c"], "none": [], "mixed": [1, "two", null, true, 2.5, ["x", []], {"k": "v"}],
  "map": {"z": 26, "a": 1, "m": {"deep": "down"}}, "nomap": {}, "rows": [{"name": "first", "n": 1}, {"name": "second"}, null]
}`

type languageCase struct {
	Template string  `json:"template"`
	Output   *string `json:"output,omitempty"` // none: parsing or executing fails
}

func execute(source string, data any) *string {
	parsed, err := template.New("").Option("missingkey=zero").Funcs(template.FuncMap{
		"json": func(v any) string {
			text, _ := json.Marshal(v)
			return string(text)
		},
	}).Parse(source)
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return nil
	}
	text := out.String()
	return &text
}

func writeLanguage(dir string) {
	var data any
	if err := json.Unmarshal([]byte(languageData), &data); err != nil {
		log.Fatal(err)
	}
	var cases []languageCase
	for _, source := range languageTemplates {
		cases = append(cases, languageCase{Template: source, Output: execute(source, data)})
	}
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	lines.SetIndent("", " ")
	if err := lines.Encode(map[string]any{"data": json.RawMessage(languageData), "cases": cases}); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "language.json"), out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
