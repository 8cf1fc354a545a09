// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// printNotes writes the notes of a version to standard output.
func printNotes(version string) error {
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	text, err := notes(string(changelog), version)
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(text)
	return err
}

// notes returns what the changelog says of a version, for the page of its release: links
// within the repository lead to that version of it.
func notes(changelog, version string) (string, error) {
	heading := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(strings.TrimPrefix(version, "v")) + `(?:, (.*))?\n`)
	at := heading.FindStringSubmatchIndex(changelog)
	switch {
	case at == nil:
		return "", fmt.Errorf("the changelog has nothing of %s", version)
	case at[2] >= 0 && strings.HasPrefix(changelog[at[2]:], "not released"):
		return "", fmt.Errorf("the changelog says that %s is not released yet", version)
	}
	section, _, _ := strings.Cut(changelog[at[1]:], "\n## ")
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`) // one with a colon leads out of the repository
	return strings.TrimSpace(link.ReplaceAllString(section, "]("+home+"/blob/"+version+"/$1$2)")) + "\n", nil
}
