//go:build !linux

package store

// registerVFS is the library's own file system: "".
func registerVFS() string { return "" }
