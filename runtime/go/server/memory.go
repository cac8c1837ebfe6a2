package server

import "os"

// headroom is how much garbage may gather at least before it is collected.
const headroom = 24 << 20

// ballast is memory that is never touched, and so never there: the collector counts it,
// and comes when as much garbage has gathered again. Without it a server with a small
// heap collects many times a second, which costs a quarter of its speed; a large heap is
// collected as always, so memory stays in proportion to what is in use.
var ballast []byte

// allowGarbage sets the collector up, unless the environment does (GOGC).
func allowGarbage() {
	if _, said := os.LookupEnv("GOGC"); !said && ballast == nil {
		ballast = make([]byte, headroom)
	}
}
