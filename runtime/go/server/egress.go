package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// EgressRefused says that the policy does not allow a connection to an address.
type EgressRefused struct{ Message string }

func (e *EgressRefused) Error() string { return e.Message }

// EgressPolicy says which addresses the server may connect to on behalf of workflows:
// public ones, and those that Allow has. The address that is connected to decides, not
// the name: it is resolved once, checked, and that very address is used, so a name
// cannot change its meaning in between.
type EgressPolicy struct {
	networks []netip.Prefix
	hosts    map[string]bool
}

// NewEgressPolicy allows networks (`10.0.0.0/8`) and `host:port` besides public
// addresses.
func NewEgressPolicy(allow ...string) (*EgressPolicy, error) {
	made := &EgressPolicy{hosts: map[string]bool{}}
	for _, entry := range allow {
		if network, err := netip.ParsePrefix(entry); err == nil && network == network.Masked() {
			made.networks = append(made.networks, network)
			continue
		}
		if address, err := netip.ParseAddr(entry); err == nil {
			made.networks = append(made.networks, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		colon := strings.LastIndexByte(entry, ':')
		if colon < 1 || !isNumber(entry[colon+1:]) {
			return nil, fmt.Errorf("`%s` is neither a network nor `host:port`", entry)
		}
		made.hosts[net.JoinHostPort(strings.Trim(entry[:colon], "[]"), entry[colon+1:])] = true
	}
	return made, nil
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// notGlobal are the special-purpose blocks of IANA's registries that no public host has.
var notGlobal = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7",
	"fe80::/10",
)

// stillGlobal are exceptions of the registries within these blocks.
var stillGlobal = prefixes(
	"192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28",
	"2001:30::/28",
)

func prefixes(texts ...string) []netip.Prefix {
	made := make([]netip.Prefix, len(texts))
	for index, text := range texts {
		made[index] = netip.MustParsePrefix(text)
	}
	return made
}

func within(address netip.Addr, networks []netip.Prefix) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// Allows says whether the address, which a host's name stands for, may be connected to.
func (p *EgressPolicy) Allows(host string, address netip.Addr, port int) bool {
	if p.hosts[net.JoinHostPort(host, strconv.Itoa(port))] {
		return true
	}
	address = address.WithZone("").Unmap()
	if within(address, p.networks) {
		return true
	}
	return !address.IsMulticast() && (!within(address, notGlobal) || within(address, stillGlobal))
}

const connectTimeout = 10 * time.Second

// lookup asks for the addresses of a name; tests answer by themselves.
var lookup = net.DefaultResolver.LookupNetIP

// DialContext connects to the first address of a host that is allowed, and to no other.
func (p *EgressPolicy) DialContext(ctx context.Context, network, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	host, service, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, err
	}
	address, err := p.resolve(ctx, host, port)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, netip.AddrPortFrom(address, uint16(port)).String()) //nolint:gosec // 16 bits
}

// resolve gives an allowed address of the host, or *EgressRefused.
func (p *EgressPolicy) resolve(ctx context.Context, host string, port int) (netip.Addr, error) {
	var none netip.Addr
	if port < 0 || port > 65535 {
		return none, errors.New("the port is not within 0 to 65535")
	}
	addresses, err := lookup(ctx, "ip", host)
	if err != nil {
		return none, err
	}
	var shown []string
	for _, address := range addresses {
		address = address.Unmap()
		if p.Allows(host, address, port) {
			return address, nil
		}
		if len(shown) < 3 {
			shown = append(shown, address.String())
		}
	}
	return none, &EgressRefused{fmt.Sprintf(
		"connections to %s:%d (%s) are not allowed", host, port, strings.Join(shown, ", "),
	)}
}
