package server

import (
	"math"
	"strconv"
)

func showEvents(s *Server, r *request) error {
	query, err := r.parameters()
	if err != nil {
		return err
	}
	run, err := s.engine.Find(r.parameter)
	if err != nil {
		return err
	}
	limit, err := limitOf(query)
	if err != nil {
		return err
	}
	place := place{}
	if cursor := query["cursor"]; cursor != "" {
		if place, err = placeOf(cursor); err != nil {
			return err
		}
	}
	rows, more, err := s.readHistory(run.ID(), &place, limit)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.text("execution_id", run.ID())
	a.name("events")
	a.open('[')
	for _, row := range rows {
		a.next()
		a.item(row.members)
	}
	a.close(']')
	next := ""
	if more {
		next = encodeCursor(strconv.FormatInt(place.version, 10), strconv.FormatInt(place.number, 10))
	}
	a.textOrNull("next_cursor", next)
	a.end()
	return r.send(200, a)
}

// place is how far a history was read: all transitions up to a version, and of the next
// the rows up to a number.
type place struct{ version, number int64 }

func placeOf(cursor string) (found place, err error) {
	parts, err := decodeCursor(cursor, 2)
	if err != nil {
		return found, err
	}
	if found.version, err = wholeNumber(parts[0]); err != nil {
		return found, err
	}
	found.number, err = wholeNumber(parts[1])
	return found, err
}

func wholeNumber(text string) (int64, error) {
	if !isNumber(text) {
		return 0, badRequest("the cursor is not one of this server's")
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64, nil // beyond every row that there is
	}
	return value, nil
}

const historyPage = 200

// readHistory gives the rows behind a place, which it moves on, and whether there are
// more than limit.
func (s *Server) readHistory(runID string, from *place, limit int) (rows []historyRow, more bool, err error) {
	for {
		log, err := s.engine.Store().Log(runID, from.version, historyPage)
		if err != nil || len(log) == 0 {
			return rows, false, err
		}
		for _, entry := range log {
			history, err := historyOf(entry.History)
			if err != nil {
				return nil, false, err
			}
			for _, row := range history {
				if row.number <= from.number {
					continue
				}
				if len(rows) == limit {
					return rows, true, nil
				}
				rows = append(rows, row)
				from.number = row.number
			}
			from.version = entry.Version
		}
	}
}
