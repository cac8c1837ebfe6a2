package worker

// ResolveSecrets is a JSON text with the placeholders at places (JSON pointers) replaced:
// `{"$secret": name}` by the file of that name in folder ("" is none), else by the
// variable of the environment. The error is a *Failure where there is no such secret.
func ResolveSecrets(folder string, text []byte, places []string) ([]byte, error) {
	return secrets{folder}.resolve(text, places)
}
