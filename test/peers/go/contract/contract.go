// Package contract holds what the Go plugin and the Go host of the tests agree on besides the proto file.
package contract

import (
	"fmt"
	"strconv"
	"strings"

	plugin "github.com/hashicorp/go-plugin"
)

// Name is the one plugin of each set. It never crosses the wire.
const Name = "peer"

// CookieKey is the environment variable that carries the magic cookie.
const CookieKey = "TROUPE_TEST_PLUGIN"

// DefaultCookie is the cookie's value unless a test names another one.
const DefaultCookie = "d1b7a7d2-test"

// Handshake returns the cookie to be set by the host and compared by the plugin.
func Handshake(cookie string) plugin.HandshakeConfig {
	return plugin.HandshakeConfig{MagicCookieKey: CookieKey, MagicCookieValue: cookie}
}

// VersionedSets parses a list such as "1,2" and makes one plugin set for each application protocol version.
func VersionedSets(list string, create func(version int) plugin.Plugin) (map[int]plugin.PluginSet, error) {
	sets := make(map[int]plugin.PluginSet)
	for _, item := range strings.Split(list, ",") {
		version, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("version %q in %q is not a number", item, list)
		}
		sets[version] = plugin.PluginSet{Name: create(version)}
	}
	return sets, nil
}
