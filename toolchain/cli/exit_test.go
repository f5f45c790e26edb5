package cli

import (
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/policy"
)

func failing(verdict finding.Verdict, ids ...finding.ID) finding.Object {
	o := finding.Object{Path: "x.o", Verdict: verdict}
	for _, id := range ids {
		o.Findings = append(o.Findings, finding.Finding{ID: id, Level: finding.Error, Message: "m"})
	}
	return o
}

func allowing(o finding.Object, id finding.ID) finding.Object {
	for i := range o.Findings {
		if o.Findings[i].ID == id {
			o.Findings[i].Suppressed = &finding.Suppression{Reason: "r", Expires: "2027-01-01", By: "n.yaml:1"}
		}
	}
	return o
}

func TestJudge(t *testing.T) {
	warn := &policy.Policy{WarnUnauditable: true}
	clean := finding.Object{Path: "ok.o", Verdict: finding.Clean}
	violation := failing(finding.Violation, finding.NS001)
	unauditable := failing(finding.Unauditable, finding.NS007)
	mixed := failing(finding.Violation, finding.NS001, finding.NS007)
	missing := finding.InputError{Path: "gone.o", Message: "no such file"}

	tests := []struct {
		name    string
		objects []finding.Object
		errors  []finding.InputError
		policy  *policy.Policy
		misused bool
		want    int
	}{
		{"clean", []finding.Object{clean}, nil, nil, false, ExitOK},
		{"violation", []finding.Object{clean, violation}, nil, nil, false, ExitViolation},
		{"violation before anything else", []finding.Object{violation, unauditable}, []finding.InputError{missing}, nil, true, ExitViolation},
		{"missing path", []finding.Object{clean}, []finding.InputError{missing}, nil, false, ExitUsage},
		{"missing path before unauditable", []finding.Object{unauditable}, []finding.InputError{missing}, nil, false, ExitUsage},
		{"misused policy", []finding.Object{clean}, nil, warn, true, ExitUsage},
		{"unauditable", []finding.Object{unauditable}, nil, nil, false, ExitUnauditable},
		{"unauditable with a policy", []finding.Object{unauditable}, nil, &policy.Policy{}, false, ExitUnauditable},
		{"unauditable is a warning", []finding.Object{unauditable}, nil, warn, false, ExitOK},
		{"warning does not cover violations", []finding.Object{violation, unauditable}, nil, warn, false, ExitViolation},
		{"allowed violation", []finding.Object{allowing(failing(finding.Violation, finding.NS001), finding.NS001)}, nil, nil, false, ExitOK},
		{"allowed unauditable", []finding.Object{allowing(failing(finding.Unauditable, finding.NS003), finding.NS003)}, nil, nil, false, ExitOK},
		{"the other finding is allowed", []finding.Object{allowing(failing(finding.Violation, finding.NS001, finding.NS007), finding.NS007)}, nil, nil, false, ExitViolation},
		{"what is left is unauditable", []finding.Object{allowing(mixed, finding.NS001)}, nil, nil, false, ExitUnauditable},
		{"an ID that the table lacks is a violation", []finding.Object{failing(finding.Violation, "NS999")}, nil, nil, false, ExitViolation},
		{"the verdict decides", []finding.Object{failing(finding.Unauditable, finding.NS001)}, nil, nil, false, ExitUnauditable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			report := &finding.Report{Objects: tt.objects, Errors: tt.errors}
			if got := judge(report, tt.policy, tt.misused); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}
