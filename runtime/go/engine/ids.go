package engine

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"sync"
)

const idsPerMillisecond = 4_096

// ids gives UUIDv7: 48 bits of time, a counter of 12, and 62 random bits.
//
// Later ids of one source are always greater as text, also when the clock goes back:
// paging by id relies on it. With newest, an id of an earlier source, all are greater than
// that. More than 4,096 ids in one millisecond borrow from the next.
type ids struct {
	now    func() int64
	random func() uint64

	mutex   sync.Mutex
	last    int64
	counter int64
}

func newIDs(now func() int64, newest string) *ids {
	made := &ids{now: now, random: rand.Uint64, counter: idsPerMillisecond}
	if len(newest) >= 13 {
		made.last, _ = strconv.ParseInt(newest[:8]+newest[9:13], 16, 64)
	}
	return made
}

func (i *ids) next() string {
	i.mutex.Lock()
	if at := i.now(); at > i.last || i.counter == idsPerMillisecond {
		i.last, i.counter = max(at, i.last+1), 0
	}
	at, counter := uint64(i.last), uint64(i.counter)
	i.counter++
	random := i.random()
	i.mutex.Unlock()
	high := at<<16 | 7<<12 | counter
	low := random&(1<<62-1) | 1<<63
	var raw [16]byte
	for index := range 8 {
		raw[index] = byte(high >> (56 - 8*index))
		raw[8+index] = byte(low >> (56 - 8*index))
	}
	var text [36]byte
	hex.Encode(text[0:8], raw[0:4])
	hex.Encode(text[9:13], raw[4:6])
	hex.Encode(text[14:18], raw[6:8])
	hex.Encode(text[19:23], raw[8:10])
	hex.Encode(text[24:36], raw[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
