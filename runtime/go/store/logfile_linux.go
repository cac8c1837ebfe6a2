package store

import (
	"errors"
	"sync"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// SQLite writes a commit to the write-ahead log page by page, with two system calls each.
// Here they are gathered, and written with one before the log is synced.
//
// Nobody can tell: who uses the file by the same handle finds it written, since every
// other call writes first what was gathered; other connections look only at pages of
// commits that were synced.

// mostGathered is how many bytes wait at most: of a larger commit a part is written before.
const mostGathered = 256 << 10

// logFile is what was gathered of one open log. A handle is for one goroutine at a time.
type logFile struct {
	gathered []byte
	at       int64 // the place of the first byte in the file
}

var (
	logFilesMutex sync.RWMutex
	logFiles      = map[uintptr]*logFile{} // by handle, from the first write until it is closed
)

type (
	readType     = func(tls *libc.TLS, file, to uintptr, amount int32, at int64) int32
	truncateType = func(tls *libc.TLS, file uintptr, size int64) int32
	sizeType     = func(tls *libc.TLS, file, size uintptr) int32
	closeType    = func(tls *libc.TLS, file uintptr) int32
)

var (
	logReadFunction     = readLog
	logWriteFunction    = writeLog
	logSyncFunction     = syncLog
	logTruncateFunction = truncateLog
	logSizeFunction     = sizeLog
	logCloseFunction    = closeLog
)

// theirLog are the library's methods for a log.
var theirLog lib.Tsqlite3_io_methods

// gatherWrites changes the methods of logs, once.
func gatherWrites(methods *lib.Tsqlite3_io_methods) {
	theirLog = *methods
	methods.FxRead = *(*uintptr)(unsafe.Pointer(&logReadFunction))
	methods.FxWrite = *(*uintptr)(unsafe.Pointer(&logWriteFunction))
	methods.FxSync = *(*uintptr)(unsafe.Pointer(&logSyncFunction))
	methods.FxTruncate = *(*uintptr)(unsafe.Pointer(&logTruncateFunction))
	methods.FxFileSize = *(*uintptr)(unsafe.Pointer(&logSizeFunction))
	methods.FxClose = *(*uintptr)(unsafe.Pointer(&logCloseFunction))
}

func logFileOf(file uintptr) *logFile {
	logFilesMutex.RLock()
	defer logFilesMutex.RUnlock()
	return logFiles[file]
}

func writeLog(_ *libc.TLS, file, from uintptr, amount int32, at int64) int32 {
	log := logFileOf(file)
	if log == nil {
		log = &logFile{}
		logFilesMutex.Lock()
		logFiles[file] = log
		logFilesMutex.Unlock()
	}
	if at != log.at+int64(len(log.gathered)) || len(log.gathered)+int(amount) > mostGathered {
		if result := log.flush(file); result != lib.SQLITE_OK {
			return result
		}
		log.at = at
	}
	log.gathered = append(log.gathered, unsafe.Slice((*byte)(pointer(from)), amount)...)
	return lib.SQLITE_OK
}

func flushLog(file uintptr) int32 {
	if log := logFileOf(file); log != nil {
		return log.flush(file)
	}
	return lib.SQLITE_OK
}

// flush writes what was gathered. What could not be written is forgotten: the commit
// fails with it.
func (l *logFile) flush(file uintptr) int32 {
	rest, at := l.gathered, l.at
	l.at, l.gathered = at+int64(len(rest)), rest[:0]
	of := (*lib.TunixFile)(pointer(file))
	for len(rest) > 0 {
		written, err := syscall.Pwrite(int(of.Fh), rest, at)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if errors.Is(err, syscall.ENOSPC) {
			return lib.SQLITE_FULL
		}
		if err != nil {
			keepErrno(of, err)
			return lib.SQLITE_IOERR_WRITE
		}
		rest, at = rest[written:], at+int64(written)
	}
	return lib.SQLITE_OK
}

func readLog(tls *libc.TLS, file, to uintptr, amount int32, at int64) int32 {
	if result := flushLog(file); result != lib.SQLITE_OK {
		return result
	}
	return (*(*readType)(unsafe.Pointer(&struct{ uintptr }{theirLog.FxRead})))(tls, file, to, amount, at)
}

func syncLog(tls *libc.TLS, file uintptr, flags int32) int32 {
	if result := flushLog(file); result != lib.SQLITE_OK {
		return result
	}
	return syncFile(tls, file, flags)
}

func truncateLog(tls *libc.TLS, file uintptr, size int64) int32 {
	if result := flushLog(file); result != lib.SQLITE_OK {
		return result
	}
	return (*(*truncateType)(unsafe.Pointer(&struct{ uintptr }{theirLog.FxTruncate})))(tls, file, size)
}

func sizeLog(tls *libc.TLS, file, size uintptr) int32 {
	if result := flushLog(file); result != lib.SQLITE_OK {
		return result
	}
	return (*(*sizeType)(unsafe.Pointer(&struct{ uintptr }{theirLog.FxFileSize})))(tls, file, size)
}

// closeLog: what is gathered yet belongs to no commit.
func closeLog(tls *libc.TLS, file uintptr) int32 {
	logFilesMutex.Lock()
	delete(logFiles, file)
	logFilesMutex.Unlock()
	return (*(*closeType)(unsafe.Pointer(&struct{ uintptr }{theirLog.FxClose})))(tls, file)
}
