package store

import (
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// connection is SQLite's own interface, as far as the store needs it, without
// database/sql: statements are prepared once, and binding and reading allocate nothing in
// Go but the texts that are read. It is for one goroutine at a time.
type connection struct {
	tls      *libc.TLS
	db       uintptr
	prepared map[string]*statement

	// arena has the texts of the statement that runs, so that SQLite need not copy them.
	// A text stays in its place until the next statement is bound.
	arena     uintptr
	arenaSize int
	used      int
}

// sqliteError is an error of SQLite's.
type sqliteError struct {
	code    int32 // extended
	message string
}

func (e *sqliteError) Error() string { return e.message }

func (e *sqliteError) isConstraint() bool { return e.code&0xff == lib.SQLITE_CONSTRAINT }

const firstArena = 64 << 10

const (
	pageSlot  = 4096 + 512 // a page of the database with SQLite's and its own header
	pageSlots = 4096       // more than the connections' caches have; memory is taken when it is used
)

// warm gives SQLite's pages a place of their own, and keeps a block of every other size
// that SQLite works with for a moment: the allocator gives memory back to the system with
// the last block in it, and takes it anew with the next. Page by page, that was a sixth of
// what a commit costs.
var warm = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	defer tls.Close()
	if pages := libc.Xmalloc(tls, pageSlot*pageSlots); pages != 0 {
		list := libc.NewVaList(pages, int32(pageSlot), int32(pageSlots))
		if lib.Xsqlite3_config(tls, lib.SQLITE_CONFIG_PAGECACHE, list) != lib.SQLITE_OK {
			libc.Xfree(tls, pages) // SQLite is in use already, by somebody else in the program
		}
		libc.Xfree(tls, list)
	}
	for size := 16; size <= 64<<10; size *= 2 {
		libc.Xmalloc(tls, libc.Tsize_t(size))
	}
})

func openConnection(path string) (*connection, error) {
	warm()
	c := &connection{tls: libc.NewTLS(), prepared: map[string]*statement{}}
	name, err := libc.CString(path)
	if err != nil {
		c.tls.Close()
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	place := c.malloc(8)
	defer libc.Xfree(c.tls, place)
	vfs := uintptr(0)
	if wanted := registerVFS(); wanted != "" {
		if vfs, err = libc.CString(wanted); err != nil {
			c.tls.Close()
			return nil, err
		}
		defer libc.Xfree(c.tls, vfs)
	}
	flags := int32(lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE | lib.SQLITE_OPEN_NOMUTEX)
	result := lib.Xsqlite3_open_v2(c.tls, name, place, flags, vfs)
	c.db = *(*uintptr)(pointer(place))
	if result != lib.SQLITE_OK {
		err := c.errorOf(result)
		c.close()
		return nil, err
	}
	lib.Xsqlite3_busy_timeout(c.tls, c.db, 10_000)
	c.arena, c.arenaSize = c.malloc(firstArena), firstArena
	return c, nil
}

func (c *connection) malloc(size int) uintptr {
	place := libc.Xmalloc(c.tls, libc.Tsize_t(size))
	if place == 0 {
		panic("out of memory")
	}
	return place
}

// pointer is a place in C memory, which Go's collector neither moves nor frees.
func pointer(place uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&place)) }

func (c *connection) close() {
	for _, statement := range c.prepared {
		lib.Xsqlite3_finalize(c.tls, statement.handle)
	}
	c.prepared = nil
	if c.db != 0 {
		lib.Xsqlite3_close_v2(c.tls, c.db)
		c.db = 0
	}
	if c.arena != 0 {
		libc.Xfree(c.tls, c.arena)
		c.arena = 0
	}
	c.tls.Close()
}

func (c *connection) errorOf(result int32) *sqliteError {
	code, message := result, fmt.Sprintf("SQLite's error %d", result)
	if c.db != 0 {
		code = lib.Xsqlite3_extended_errcode(c.tls, c.db)
		message = libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))
	}
	return &sqliteError{code, message}
}

func (c *connection) inTransaction() bool { return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// changes is how many rows the last statement changed.
func (c *connection) changes() int64 { return int64(lib.Xsqlite3_changes(c.tls, c.db)) }

// script runs statements that give no rows of interest.
func (c *connection) script(text string) error {
	sql, err := libc.CString(text)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, sql)
	if result := lib.Xsqlite3_exec(c.tls, c.db, sql, 0, 0, 0); result != lib.SQLITE_OK {
		return c.errorOf(result)
	}
	return nil
}

// prepare compiles a statement once.
func (c *connection) prepare(query string) (*statement, error) {
	if found := c.prepared[query]; found != nil {
		return found, nil
	}
	sql, err := libc.CString(query)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, sql)
	place := c.malloc(8)
	defer libc.Xfree(c.tls, place)
	result := lib.Xsqlite3_prepare_v3(c.tls, c.db, sql, -1, lib.SQLITE_PREPARE_PERSISTENT, place, 0)
	if result != lib.SQLITE_OK {
		return nil, c.errorOf(result)
	}
	made := &statement{connection: c, handle: *(*uintptr)(pointer(place))}
	c.prepared[query] = made
	return made, nil
}

// statement is a prepared statement. Bind every parameter, in order, then run or read.
type statement struct {
	connection *connection
	handle     uintptr
	at         int32
	failed     int32
}

func (s *statement) bound(result int32) *statement {
	if result != lib.SQLITE_OK && s.failed == lib.SQLITE_OK {
		s.failed = result
	}
	return s
}

// text binds a text.
func (s *statement) text(value string) *statement {
	s.next()
	c := s.connection
	if len(value) > c.arenaSize-c.used {
		return s.largeText(value)
	}
	place := c.arena + uintptr(c.used)
	copy(unsafe.Slice((*byte)(pointer(place)), len(value)), value)
	c.used += len(value)
	return s.bound(lib.Xsqlite3_bind_text(c.tls, s.handle, s.at, place, int32(len(value)), 0))
}

// largeText has SQLite keep a copy of its own of what the arena has no place for.
func (s *statement) largeText(value string) *statement {
	c := s.connection
	if len(value) > 1<<30 {
		return s.bound(lib.SQLITE_TOOBIG)
	}
	place := c.malloc(len(value) + 1)
	copy(unsafe.Slice((*byte)(pointer(place)), len(value)), value)
	transient := ^uintptr(0)
	s.bound(lib.Xsqlite3_bind_text(c.tls, s.handle, s.at, place, int32(len(value)), transient))
	libc.Xfree(c.tls, place)
	return s
}

// textOrNull binds null for an empty text.
func (s *statement) textOrNull(value string) *statement {
	if value == "" {
		return s.null()
	}
	return s.text(value)
}

func (s *statement) int(value int64) *statement {
	s.next()
	return s.bound(lib.Xsqlite3_bind_int64(s.connection.tls, s.handle, s.at, value))
}

// intOrNull binds null for 0.
func (s *statement) intOrNull(value int64) *statement {
	if value == 0 {
		return s.null()
	}
	return s.int(value)
}

func (s *statement) null() *statement {
	s.next()
	return s.bound(lib.Xsqlite3_bind_null(s.connection.tls, s.handle, s.at))
}

func (s *statement) next() {
	if s.at == 0 {
		s.connection.used = 0
	}
	s.at++
}

// run executes a statement that gives no rows.
func (s *statement) run() error {
	_, err := s.step()
	s.reset()
	return err
}

// step is whether there is a row; after the last one, and after an error, reset.
func (s *statement) step() (bool, error) {
	s.at = 0
	if s.failed != lib.SQLITE_OK {
		result := s.failed
		return false, &sqliteError{result, fmt.Sprintf("SQLite refused a parameter: error %d", result)}
	}
	switch result := lib.Xsqlite3_step(s.connection.tls, s.handle); result {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.connection.errorOf(result)
	}
}

func (s *statement) reset() {
	lib.Xsqlite3_reset(s.connection.tls, s.handle)
	s.at, s.failed = 0, lib.SQLITE_OK
}

// columnText is a copy of a column, "" where it is null.
func (s *statement) columnText(column int) string {
	tls, index := s.connection.tls, int32(column)
	place := lib.Xsqlite3_column_text(tls, s.handle, index)
	if place == 0 {
		return ""
	}
	length := lib.Xsqlite3_column_bytes(tls, s.handle, index)
	return strings.Clone(unsafe.String((*byte)(pointer(place)), int(length)))
}

func (s *statement) columnInt(column int) int64 {
	return lib.Xsqlite3_column_int64(s.connection.tls, s.handle, int32(column))
}
