// What the probes of Go's clients share, as cells.py says it for Python: a probe has a function
// cells() that names checks, and a first line that names its modules. An error of a check is its note; refused is one
// that says a status of 400 to 499.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
)

const model = "caller"
const sentence = "Hello from a table."

var url = os.Getenv("QUIRE_URL")

var weather = map[string]any{
	"type": "object",
	"properties": map[string]any{
		"city": map[string]any{"type": "string"},
		"unit": map[string]any{"type": "string", "enum": []string{"celsius", "fahrenheit"}},
	},
	"required":             []string{"city", "unit"},
	"additionalProperties": false,
}

type cell struct {
	name  string
	check func() error
}

type outcome struct {
	Cell   string `json:"cell"`
	Result string `json:"result"`
	Note   string `json:"note"`
}

func isSaid(text string) error {
	if text != sentence {
		return fmt.Errorf("said %q", text)
	}
	return nil
}

func isStreamed(pieces []string) error {
	if len(pieces) < 2 {
		return fmt.Errorf("pieces: %q", pieces)
	}
	return isSaid(strings.Join(pieces, ""))
}

func isWeather(arguments string) error {
	var given struct{ City, Unit *string }
	if err := json.Unmarshal([]byte(arguments), &given); err != nil {
		return err
	}
	if given.City == nil || given.Unit == nil || (*given.Unit != "celsius" && *given.Unit != "fahrenheit") {
		return fmt.Errorf("arguments: %s", arguments)
	}
	return nil
}

// The vector of text: with caller_model.py's table it is the row of the identity that its last character has.
func isVector[number float32 | float64](values []number, text string) error {
	last := int(text[len(text)-1])
	if len(values) <= last {
		return fmt.Errorf("%d values", len(values))
	}
	for index, value := range values {
		wanted := 0.0
		if index == last {
			wanted = 1
		}
		if math.Abs(float64(value)-wanted) > 1e-3 {
			return fmt.Errorf("value %d is %v, not that of the vector of %q", index, value, text)
		}
	}
	return nil
}

func main() {
	refusal := regexp.MustCompile(`\b4\d\d\b|not found`)
	for _, one := range cells() {
		line := outcome{Cell: one.name, Result: "works"}
		if err := one.check(); err != nil {
			line.Result, line.Note = "fails", err.Error()
			if refusal.MatchString(err.Error()) {
				line.Result = "refused"
			}
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
}
