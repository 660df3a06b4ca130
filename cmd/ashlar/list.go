package main

import "strings"

// list is a flag of words. The SDK hands every flag the value its key has in app.toml,
// written as Go prints it: a list in brackets, its words between blanks. No word here has
// a blank, a comma or a bracket, so that both forms can be read.
type list []string

// Set implements pflag.Value.
func (l *list) Set(text string) error {
	*l = strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("[], ", r) })
	return nil
}

// String implements pflag.Value.
func (l *list) String() string { return strings.Join(*l, ",") }

// Type implements pflag.Value.
func (l *list) Type() string { return "list" }
