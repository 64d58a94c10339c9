package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Answers that begin so are mistakes of the client: they are also told of in /violations.
const unknownParameter = "UnknownParameter"

func paramOf(a *Action, name string) *Param {
	for i := range a.Params {
		p := &a.Params[i]
		if p.Name == name {
			if p.Repeat {
				continue
			}
			return p
		}
		if p.Repeat && repeats(p.Name, name) {
			return p
		}
	}
	return nil
}

// repeats: Name.1, Name.2, and Name.1.Member of lists of objects ("Tag.1.Key" of "Tag").
func repeats(name, sent string) bool {
	if !strings.HasPrefix(sent, name+".") {
		return false
	}
	number := sent[len(name)+1:]
	if dot := strings.IndexByte(number, '.'); dot >= 0 {
		number = number[:dot]
	}
	n, err := strconv.Atoi(number)
	return err == nil && n > 0 && number[0] != '0'
}

func sentParam(c *Call, p *Param) bool {
	if !p.Repeat {
		_, ok := c.Params[p.Name]
		return ok && (c.Params[p.Name] != "" || c.Action.Query != "" || c.Action.Product == "oss")
	}
	for name := range c.Params {
		if repeats(p.Name, name) {
			return true
		}
	}
	return false
}

func checkParam(p *Param, name, value string) *Answer {
	bad := &Answer{Status: 400, Code: "InvalidParameter",
		Message: fmt.Sprintf("The specified value of parameter \"%s\" is not valid.", name)}
	if p.Min != 0 || p.Max != 0 {
		n, err := strconv.Atoi(value)
		if err != nil || n < p.Min || n > p.Max {
			return bad
		}
	}
	if len(p.Values) > 0 && !contains(p.Values, value) {
		return bad
	}
	return nil
}

// checkParams refuses unknown, missing and impossible parameters; nil: all are fine.
func checkParams(c *Call) *Answer {
	for name, value := range c.Params {
		p := paramOf(c.Action, name)
		if p == nil && name == "RegionId" && c.Action.Global {
			continue
		}
		if p == nil {
			return &Answer{Status: 400, Code: unknownParameter + "." + name,
				Message: fmt.Sprintf("%s:%s takes no parameter %q.", c.Action.Product, c.Action.Name, name)}
		}
		if value == "" {
			continue
		}
		if bad := checkParam(p, name, value); bad != nil {
			return bad
		}
	}
	for i := range c.Action.Params {
		p := &c.Action.Params[i]
		if p.Required && !sentParam(c, p) {
			return &Answer{Status: 400, Code: "Missing" + p.Name, Message: p.Name + " is mandatory for this action."}
		}
	}
	return nil
}
