package core

var handlers map[string]func(*transition, *Event) *Refusal

func refusalOf(*State, *Event) *Refusal { return nil }
func (tx *transition) enter(*op)        {}
func (tx *transition) activate(string)  {}
