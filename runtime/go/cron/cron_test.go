package cron

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// the cases are those of tests/runtime/engine/test_cron.py

func millis(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04Z", text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestFollowing(t *testing.T) {
	const berlin = "Europe/Berlin"
	for _, each := range []struct{ cron, zone, start, following string }{
		{"0 9 * * MON-FRI", "", "2026-01-02T10:00Z", "2026-01-05T09:00Z 2026-01-06T09:00Z"},
		{"*/20 * * * *", "UTC", "2026-01-01T00:05Z", "2026-01-01T00:20Z 2026-01-01T00:40Z 2026-01-01T01:00Z"},
		{"5,10-12 3 1 JAN *", "", "2026-01-01T03:05Z", "2026-01-01T03:10Z 2026-01-01T03:11Z 2026-01-01T03:12Z"},
		{"0 0 29 2 *", "", "2026-01-01T00:00Z", "2028-02-29T00:00Z"},
		{"@daily", "", "2026-01-01T00:00Z", "2026-01-02T00:00Z"},
		{"0 0 * * 7", "", "2026-01-01T00:00Z", "2026-01-04T00:00Z"},
		{"10/25 1 * * *", "", "2026-01-01T00:00Z", "2026-01-01T01:10Z 2026-01-01T01:35Z"},
		{"0 0 13 * FRI", "", "2026-01-01T00:00Z", "2026-01-02T00:00Z 2026-01-09T00:00Z 2026-01-13T00:00Z"},
		// Lord Howe changes by half an hour, Cairo at midnight
		{"30 2 * * *", "America/New_York", "2026-03-07T12:00Z", "2026-03-08T07:30Z 2026-03-09T06:30Z"},
		{"30 1 * * *", "America/New_York", "2026-10-31T12:00Z", "2026-11-01T05:30Z 2026-11-02T06:30Z"},
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", "2026-10-03T15:45Z 2026-10-04T15:15Z"},
		{"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", "2026-04-04T14:45Z 2026-04-05T15:15Z"},
		{"*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:40Z", "2026-04-04T14:45Z 2026-04-04T15:00Z 2026-04-04T15:15Z 2026-04-04T15:30Z"},
		{"*/15 * * * *", "Australia/Lord_Howe", "2026-10-03T15:20Z", "2026-10-03T15:30Z 2026-10-03T15:45Z 2026-10-03T16:00Z"},
		{"0 0 * * *", "Africa/Cairo", "2026-04-23T00:00Z", "2026-04-23T22:00Z 2026-04-24T21:00Z"},
		// 2026-03-29: 02:00 CET becomes 03:00 CEST
		{"30 2 * * *", berlin, "2026-03-28T12:00Z", "2026-03-29T01:30Z 2026-03-30T00:30Z"},
		// 2026-10-25: 03:00 CEST becomes 02:00 CET
		{"30 2 * * *", berlin, "2026-10-24T12:00Z", "2026-10-25T00:30Z 2026-10-26T01:30Z"},
		{"15 * * * *", berlin, "2026-03-28T23:30Z", "2026-03-29T00:15Z 2026-03-29T01:15Z 2026-03-29T02:15Z 2026-03-29T03:15Z"},
		{"15 * * * *", berlin, "2026-10-24T23:30Z", "2026-10-25T00:15Z 2026-10-25T01:15Z 2026-10-25T02:15Z 2026-10-25T03:15Z"},
		// half an hour: Lord Howe Island, 2026-04-05, 02:00 becomes 01:30
		{"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", "2026-04-04T14:45Z 2026-04-05T15:15Z"},
	} {
		t.Run(each.cron+" "+each.zone, func(t *testing.T) {
			schedule, err := Parse(each.cron, each.zone)
			if err != nil {
				t.Fatal(err)
			}
			at := millis(t, each.start)
			wanted := strings.Fields(each.following)
			var found []string
			for range wanted {
				next, there := schedule.After(at)
				if !there || next <= at {
					t.Fatal(next, there)
				}
				at = next
				found = append(found, time.UnixMilli(at).UTC().Format("2006-01-02T15:04Z"))
			}
			if !slices.Equal(found, wanted) {
				t.Errorf("found %v, wanted %v", found, wanted)
			}
		})
	}
}

func TestADayThatNeverComes(t *testing.T) {
	schedule, err := Parse("0 0 30 2 *", "")
	if err != nil {
		t.Fatal(err)
	}
	if at, there := schedule.After(0); there {
		t.Error(at)
	}
}

func TestWhatIsNoCronExpression(t *testing.T) {
	for _, text := range []string{
		"", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *", "*/0 * * * *",
		"5-1 * * * *", "* * * * * *", "1,,2 * * * *", "99999 * * * *", "-1 * * * *", "*/99999999999999999999 a * * *",
	} {
		if _, err := Parse(text, ""); err == nil || !strings.Contains(err.Error(), "`") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, zone := range []string{"Mars/Base", "../etc/passwd", "Local"} {
		if _, err := Parse("* * * * *", zone); err == nil || !strings.Contains(err.Error(), "time zone") {
			t.Errorf("%q: %v", zone, err)
		}
	}
}
