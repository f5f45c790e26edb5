package finding

// Summary counts a report.
type Summary struct {
	Files       int   `json:"files"`
	Objects     int   `json:"objects"`
	Clean       int   `json:"clean"`
	Violations  int   `json:"violations"`
	Unauditable int   `json:"unauditable"`
	Skipped     int   `json:"skipped"`
	Bytes       int64 `json:"bytes"`
	// Findings counts findings of every level that nothing allowed.
	Findings int `json:"findings"`
	// Allowed counts the objects among Violations and Unauditable whose
	// error findings are allowed, every one, by policy or baseline.
	Allowed int `json:"allowed"`
}

// Failing reports whether the object has a finding at level Error that
// nothing allows.
func (o *Object) Failing() bool {
	for i := range o.Findings {
		if o.Findings[i].Level == Error && o.Findings[i].Suppressed == nil {
			return true
		}
	}
	return false
}

// Summarize counts the report.
func (r *Report) Summarize() Summary {
	s := Summary{
		Files:   r.Files,
		Objects: len(r.Objects),
		Skipped: len(r.Skipped),
		Bytes:   r.Bytes,
	}
	for i := range r.Objects {
		o := &r.Objects[i]
		switch o.Verdict {
		case Clean:
			s.Clean++
		case Violation:
			s.Violations++
		case Unauditable:
			s.Unauditable++
		}
		if o.Verdict != Clean && !o.Failing() {
			s.Allowed++
		}
		for j := range o.Findings {
			if o.Findings[j].Suppressed == nil {
				s.Findings++
			}
		}
	}
	return s
}
