module workflows

go 1.24.0

require github.com/truongtu268/magic-flow/runtime/go v0.0.0

require (
	golang.org/x/net v0.48.0 // indirect
	golang.org/x/text v0.32.0 // indirect
)

replace github.com/truongtu268/magic-flow/runtime/go => ./magicflow
