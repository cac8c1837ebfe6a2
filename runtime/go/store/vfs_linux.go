package store

import (
	"errors"
	"sync"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The SQLite library in Go calls fsync, where SQLite in C calls fdatasync: every commit
// then waits for the file's times as well, which is a second write to the disk. This is
// the library's own file system with that one call in its place; it also writes to the
// write-ahead log in larger pieces (logfile_linux.go).

const vfsName = "magicflow"

var registerVFS = sync.OnceValue(func() string {
	tls := libc.NewTLS()
	defer tls.Close()
	base := lib.Xsqlite3_vfs_find(tls, 0)
	name, err := libc.CString(vfsName)
	if base == 0 || err != nil {
		return ""
	}
	place := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_vfs{})))
	if place == 0 {
		return ""
	}
	made := (*lib.Tsqlite3_vfs)(pointer(place))
	*made = *(*lib.Tsqlite3_vfs)(pointer(base))
	made.FpNext, made.FzName = 0, name
	vfsOpen = made.FxOpen
	made.FxOpen = *(*uintptr)(unsafe.Pointer(&openFunction))
	if lib.Xsqlite3_vfs_register(tls, place, 0) != lib.SQLITE_OK {
		return ""
	}
	return vfsName
})

var (
	vfsOpen      uintptr // the library's
	openFunction = openFile
	syncFunction = syncFile

	methodsMutex sync.Mutex
	methods      = map[methodsKey]uintptr{}
	theirSync    uintptr // the same for all kinds of files
)

// methodsKey is the library's methods for a kind of file, and whether that is the log.
type methodsKey struct {
	theirs uintptr
	log    bool
}

type (
	openType = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	syncType = func(tls *libc.TLS, file uintptr, flags int32) int32
)

// openFile opens a file as the library does, and changes how it is synced and written.
func openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	result := (*(*openType)(unsafe.Pointer(&struct{ uintptr }{vfsOpen})))(tls, vfs, name, file, flags, outFlags)
	of := (*lib.TunixFile)(pointer(file))
	if result == lib.SQLITE_OK && of.FpMethod != 0 {
		of.FpMethod = ourMethods(tls, methodsKey{of.FpMethod, flags&lib.SQLITE_OPEN_WAL != 0})
	}
	return result
}

func ourMethods(tls *libc.TLS, wanted methodsKey) uintptr {
	methodsMutex.Lock()
	defer methodsMutex.Unlock()
	if found := methods[wanted]; found != 0 {
		return found
	}
	place := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	if place == 0 {
		return wanted.theirs
	}
	made := (*lib.Tsqlite3_io_methods)(pointer(place))
	*made = *(*lib.Tsqlite3_io_methods)(pointer(wanted.theirs))
	if theirSync == 0 {
		theirSync = made.FxSync
	}
	made.FxSync = *(*uintptr)(unsafe.Pointer(&syncFunction))
	if wanted.log {
		gatherWrites(made)
	}
	methods[wanted] = place
	return place
}

// syncFile makes the content of a file durable. The first sync of a new file is the
// library's: it makes the file's name durable too.
func syncFile(tls *libc.TLS, file uintptr, flags int32) int32 {
	of := (*lib.TunixFile)(pointer(file))
	if of.FctrlFlags&lib.UNIXFILE_DIRSYNC != 0 {
		return (*(*syncType)(unsafe.Pointer(&struct{ uintptr }{theirSync})))(tls, file, flags)
	}
	for {
		err := syscall.Fdatasync(int(of.Fh))
		switch {
		case err == nil:
			return lib.SQLITE_OK
		case errors.Is(err, syscall.EINTR):
			continue
		}
		keepErrno(of, err)
		return lib.SQLITE_IOERR_FSYNC
	}
}

func keepErrno(of *lib.TunixFile, err error) {
	var number syscall.Errno
	if errors.As(err, &number) {
		of.FlastErrno = int32(number)
	}
}
