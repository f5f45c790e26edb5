package sarifreport

import "github.com/rules-nosplit/rules_nosplit/toolchain/finding"

// The objects of SARIF 2.1.0 that the document consists of, section 3 of the
// standard. The fields stand in the order of the output.

type message struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type tool struct {
	Driver component `json:"driver"`
}

type component struct {
	Name            string       `json:"name"`
	Version         string       `json:"version,omitempty"`
	SemanticVersion string       `json:"semanticVersion,omitempty"`
	InformationURI  string       `json:"informationUri"`
	Rules           []descriptor `json:"rules"`
}

type descriptor struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	ShortDescription message        `json:"shortDescription"`
	FullDescription  message        `json:"fullDescription"`
	Help             message        `json:"help"`
	Configuration    configuration  `json:"defaultConfiguration"`
	Properties       ruleProperties `json:"properties"`
}

type configuration struct {
	Level finding.Level `json:"level"`
}

type ruleProperties struct {
	Precision string   `json:"precision"`
	Severity  string   `json:"problem.severity"`
	Tags      []string `json:"tags"`
}

type baseLocation struct {
	Description message `json:"description"`
}

type artifactLocation struct {
	URI       string `json:"uri"`
	URIBaseID string `json:"uriBaseId,omitempty"`
}

type region struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type physicalLocation struct {
	Artifact artifactLocation `json:"artifactLocation"`
	Region   *region          `json:"region,omitempty"`
}

type logicalLocation struct {
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	DecoratedName      string `json:"decoratedName,omitempty"`
	Kind               string `json:"kind"`
}

type location struct {
	ID       int               `json:"id,omitempty"`
	Physical *physicalLocation `json:"physicalLocation,omitempty"`
	Logical  []logicalLocation `json:"logicalLocations,omitempty"`
	Message  *message          `json:"message,omitempty"`
}

type suppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

type result struct {
	RuleID string `json:"ruleId"`
	// RuleIndex is nil for a rule that the table does not have.
	RuleIndex        *int              `json:"ruleIndex,omitempty"`
	Level            finding.Level     `json:"level"`
	Message          message           `json:"message"`
	Locations        []location        `json:"locations"`
	RelatedLocations []location        `json:"relatedLocations,omitempty"`
	Fingerprints     map[string]string `json:"partialFingerprints"`
	Suppressions     []suppression     `json:"suppressions,omitempty"`
	Properties       resultProperties  `json:"properties"`
}

type resultProperties struct {
	Verdict     finding.Verdict `json:"verdict"`
	Format      string          `json:"format"`
	Machine     string          `json:"machine"`
	Member      string          `json:"member,omitempty"`
	MemberIndex *int            `json:"memberIndex,omitempty"`
	// Functions counts all of them; the logical locations may list fewer.
	Functions int           `json:"functions"`
	Go        *goProperties `json:"go,omitempty"`
}

type goProperties struct {
	Compiler string `json:"compiler,omitempty"`
	Version  string `json:"version,omitempty"`
	Path     string `json:"path,omitempty"`
	LinkMode string `json:"linkMode,omitempty"`
	Cgo      string `json:"cgo,omitempty"`
}

type notification struct {
	Level     string     `json:"level"`
	Message   message    `json:"message"`
	Locations []location `json:"locations,omitempty"`
}

type invocation struct {
	ExecutionSuccessful bool              `json:"executionSuccessful"`
	WorkingDirectory    *artifactLocation `json:"workingDirectory,omitempty"`
	Notifications       []notification    `json:"toolExecutionNotifications"`
}

type runProperties struct {
	Summary finding.Summary `json:"summary"`
	// Suppressed counts the findings that Options.OmitSuppressed left out.
	Suppressed int `json:"suppressedLeftOut"`
}
