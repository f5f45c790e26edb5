package sarifreport

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// informationURI is the Go module path as a web address.
const informationURI = "https://github.com/rules-nosplit/rules_nosplit"

// semver is the form that tool.driver.semanticVersion has to have, as on
// https://semver.org without its bans on leading zeros.
var semver = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// driver describes the program and every rule it has, whether a rule has a
// result or not: a rule index means the same in every report of one version.
func driver(t Tool) component {
	c := component{
		Name:           plain(t.Name),
		Version:        plain(t.Version),
		InformationURI: informationURI,
		Rules:          []descriptor{},
	}
	if semver.MatchString(c.Version) {
		c.SemanticVersion = c.Version
	}
	for _, r := range finding.Rules() {
		c.Rules = append(c.Rules, describe(&r))
	}
	return c
}

// ruleIndex maps the IDs to their places in the rule table.
func ruleIndex() map[finding.ID]int {
	index := map[finding.ID]int{}
	for i, r := range finding.Rules() {
		index[r.ID] = i
	}
	return index
}

func describe(r *finding.Rule) descriptor {
	return descriptor{
		ID:               string(r.ID),
		Name:             pascalCase(r.Title),
		ShortDescription: message{Text: r.Title},
		FullDescription:  message{Text: r.Meaning},
		Help:             message{Text: helpText(r), Markdown: helpMarkdown(r)},
		Configuration:    configuration{Level: r.Level},
		Properties: ruleProperties{
			Precision: precision(r.ID),
			Severity:  severity(r.Level),
			Tags:      []string{"cgo", "reliability", "split-stack"},
		},
	}
}

// precision says how seldom a rule is wrong, in the four words of code
// scanning. Everything but NS009 is read off the file: split code, a note, a
// symbol. NS009 asks for a person's eye.
func precision(id finding.ID) string {
	if id == finding.NS009 {
		return "medium"
	}
	return "very-high"
}

// severity is the word that code scanning sorts and filters by. There is no
// security-severity: it is a CVSS score, and what split code does to a program
// depends on the program.
func severity(l finding.Level) string {
	if l == finding.Note {
		return "recommendation"
	}
	return string(l)
}

// pascalCase makes "SplitStackMachineCode" of "split-stack machine code".
func pascalCase(title string) string {
	words := strings.FieldsFunc(title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		runes := []rune(word)
		runes[0] = unicode.ToUpper(runes[0])
		words[i] = string(runes)
	}
	return strings.Join(words, "")
}

func helpText(r *finding.Rule) string {
	return r.Meaning + "\n\nWhy: " + r.Why + "\n\nFix: " + r.Fix + "\n\nExample:\n\n" + r.Example + "\n"
}

func helpMarkdown(r *finding.Rule) string {
	return escapeMarkdown(r.Meaning) +
		"\n\n## Why\n\n" + escapeMarkdown(r.Why) +
		"\n\n## Fix\n\n" + escapeMarkdown(r.Fix) +
		"\n\n## Example\n\n```sh\n" + r.Example + "\n```\n"
}

// escapeMarkdown keeps names such as __morestack from being read as markup.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]<>#|~$&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
