package types

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// verdict is what a format says of a string; leap is a time with second 60, which lies
// outside the domain.
type verdict int

const (
	no verdict = iota
	yes
	leap
)

func says(right bool) verdict {
	if right {
		return yes
	}
	return no
}

const (
	datePattern = `([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`
	timePattern = `([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?` +
		`(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))`
	octet = `(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	ipv4  = octet + `(?:\.` + octet + `){3}`
	h16   = `[0-9A-Fa-f]{1,4}`
	ls32  = `(?:` + h16 + `:` + h16 + `|` + ipv4 + `)`
	ipv6  = `(?:(?:` + h16 + `:){6}` + ls32 +
		`|::(?:` + h16 + `:){5}` + ls32 +
		`|(?:` + h16 + `)?::(?:` + h16 + `:){4}` + ls32 +
		`|(?:(?:` + h16 + `:){0,1}` + h16 + `)?::(?:` + h16 + `:){3}` + ls32 +
		`|(?:(?:` + h16 + `:){0,2}` + h16 + `)?::(?:` + h16 + `:){2}` + ls32 +
		`|(?:(?:` + h16 + `:){0,3}` + h16 + `)?::` + h16 + `:` + ls32 +
		`|(?:(?:` + h16 + `:){0,4}` + h16 + `)?::` + ls32 +
		`|(?:(?:` + h16 + `:){0,5}` + h16 + `)?::` + h16 +
		`|(?:(?:` + h16 + `:){0,6}` + h16 + `)?::)`
	label    = `[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	host     = label + `(?:\.` + label + `)*`
	atom     = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	quoted   = `"(?:[ !#-\[\]-~]|\\[ -~])*"`
	pchar    = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})`
	userInfo = `(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*`
	regName  = `(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*`
	ipFuture = `[Vv][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+`
	uri      = `[A-Za-z][A-Za-z0-9+.-]*:` +
		`(?://(?:` + userInfo + `@)?(?:\[(?:` + ipv6 + `|` + ipFuture + `)\]|` + regName + `)(?::[0-9]*)?(?:/` + pchar + `*)*` +
		`|/(?:` + pchar + `+(?:/` + pchar + `*)*)?|` + pchar + `+(?:/` + pchar + `*)*|)` +
		`(?:\?(?:` + pchar + `|[/?])*)?(?:#(?:` + pchar + `|[/?])*)?`
	duration = `P(?:[0-9]+W|(?:[0-9]+D|[0-9]+M(?:[0-9]+D)?|[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?)` +
		`(?:T(?:[0-9]+S|[0-9]+M(?:[0-9]+S)?|[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?))?` +
		`|T(?:[0-9]+S|[0-9]+M(?:[0-9]+S)?|[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?))`
	base64Text = `(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?`
)

// whole compiles a pattern that must be the whole text, at its first use: a program
// pays for the formats that it has.
func whole(pattern string) func() *regexp.Regexp {
	var made *regexp.Regexp
	return syncOnce(func() *regexp.Regexp {
		if made == nil {
			made = regexp.MustCompile(`\A(?:` + pattern + `)\z`)
		}
		return made
	})
}

var (
	date     = whole(datePattern)
	clock    = whole(timePattern)
	dateTime = whole(datePattern + `[Tt]` + timePattern)
	hostName = whole(host)
	mailbox  = whole(`(` + atom + `(?:\.` + atom + `)*|` + quoted + `)@` +
		`(?:(` + host + `)|\[` + ipv4 + `\]|\[IPv6:` + ipv6 + `\])`)
	int64Text = whole(`0|-?[1-9][0-9]{0,18}`)
)

func matching(pattern string) func(string) verdict {
	compiled := whole(pattern)
	return func(text string) verdict { return says(compiled().MatchString(text)) }
}

var formats = map[string]func(string) verdict{
	"date-time": isDateTime,
	"date": func(text string) verdict {
		found := date().FindStringSubmatch(text)
		return says(found != nil && isDay(found[1], found[2], found[3]))
	},
	"time": func(text string) verdict {
		found := clock().FindStringSubmatch(text)
		if found == nil {
			return no
		}
		return checkLeap(found[1:])
	},
	"duration": matching(duration),
	"email":    isEmail,
	"uri":      matching(uri),
	"uuid":     isUUID,
	"ipv4":     matching(ipv4),
	"ipv6":     matching(ipv6),
	"hostname": func(text string) verdict { return says(isHostname(text)) },
	"byte":     matching(base64Text),
	"decimal":  matching(`-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?`),
	"int64": func(text string) verdict {
		if !int64Text().MatchString(text) {
			return no
		}
		_, err := strconv.ParseInt(text, 10, 64)
		return says(err == nil)
	},
}

func isDay(year, month, day string) bool {
	if day < "29" {
		return true
	}
	switch month {
	case "02":
		number, _ := strconv.Atoi(year)
		return day == "29" && number%4 == 0 && (number%100 != 0 || number%400 == 0)
	case "04", "06", "09", "11":
		return day <= "30"
	}
	return true
}

// checkLeap looks at hour, minute, second, sign, and the offset's hour and minute: a
// second 60 is right at 23:59 UTC only, and then outside the domain.
func checkLeap(parts []string) verdict {
	if parts[2] != "60" {
		return yes
	}
	minutes := minutesOf(parts[0], parts[1])
	switch parts[3] {
	case "+":
		minutes -= minutesOf(parts[4], parts[5])
	case "-":
		minutes += minutesOf(parts[4], parts[5])
	}
	if (minutes+2*1440)%1440 == 1439 {
		return leap
	}
	return no
}

func minutesOf(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

func isDateTime(text string) verdict {
	if isPlainDateTime(text) {
		return says(isDay(text[0:4], text[5:7], text[8:10]))
	}
	found := dateTime().FindStringSubmatch(text)
	if found == nil || !isDay(found[1], found[2], found[3]) {
		return no
	}
	return checkLeap(found[4:])
}

// isPlainDateTime knows 2026-01-31T12:00:00Z without a regular expression: the form
// that programs write. Other forms are not refused by it.
func isPlainDateTime(text string) bool {
	const form = "0000-00-00T00:00:00Z"
	if len(text) != len(form) {
		return false
	}
	for at := range len(form) {
		if form[at] == '0' {
			if text[at]-'0' > 9 {
				return false
			}
		} else if text[at] != form[at] {
			return false
		}
	}
	month, day := text[5:7], text[8:10]
	return month >= "01" && month <= "12" && day >= "01" && day <= "31" &&
		text[11:13] <= "23" && text[14:16] <= "59" && text[17:19] <= "59"
}

func isUUID(text string) verdict {
	if len(text) != 36 {
		return no
	}
	for at := range len(text) {
		c := text[at]
		if at == 8 || at == 13 || at == 18 || at == 23 {
			if c != '-' {
				return no
			}
		} else if c-'0' > 9 && (c|0x20 < 'a' || c|0x20 > 'f') {
			return no
		}
	}
	return yes
}

func isEmail(text string) verdict {
	found := mailbox().FindStringSubmatch(text)
	return says(found != nil && len(found[1]) <= 64 && (found[2] == "" || isHostname(found[2])))
}

func isHostname(text string) bool {
	if len(text) > 253 || !hostName().MatchString(text) {
		return false
	}
	if !strings.Contains(text, "--") {
		return true
	}
	for part := range strings.SplitSeq(text, ".") {
		if len(part) >= 4 && part[2:4] == "--" && !isALabel(strings.ToLower(part)) {
			return false
		}
	}
	return true
}

// labels follows IDNA 2008 (RFC 5890 to 5893), without the mappings of UTS 46.
var labels = idna.New(
	idna.ValidateLabels(true), idna.StrictDomainName(true), idna.CheckHyphens(true),
	idna.CheckJoiners(true), idna.BidiRule(), idna.VerifyDNSLength(true),
)

func isALabel(text string) bool {
	if !strings.HasPrefix(text, "xn--") {
		return false
	}
	decoded, err := labels.ToUnicode(text)
	if err != nil || !isAllowed(decoded) {
		return false
	}
	again, err := labels.ToASCII(decoded)
	return err == nil && again == text
}
