package server

import (
	"log/slog"
	"net"
	"net/http"
	"time"
)

// How long a client may let the server wait: for the head of a request, for its body, for
// the next one, and for room to write into. A client that does nothing holds nothing up
// for ever. Tests are less patient.
var (
	headPatience  = 10 * time.Second
	bodyPatience  = 30 * time.Second
	idlePatience  = 75 * time.Second
	writePatience = 30 * time.Second
)

const (
	maxHeaderBytes = 64 << 10
	// writtenAtOnce is what a client has to take within writePatience.
	writtenAtOnce = 64 << 10
)

func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headPatience, IdleTimeout: idlePatience, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
}

// listener accepts connections that do not wait for ever for a client that does not read.
// http.Server.WriteTimeout would end answers that are waited for, and streams.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if connection, is := accepted.(*net.TCPConn); is {
		return writer{connection}, nil
	}
	return accepted, err
}

type writer struct{ *net.TCPConn }

func (w writer) Write(data []byte) (written int, err error) {
	for {
		if err := w.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
			return written, err
		}
		part := data[written:min(len(data), written+writtenAtOnce)]
		count, err := w.TCPConn.Write(part)
		if written += count; err != nil || written == len(data) {
			return written, err
		}
	}
}
