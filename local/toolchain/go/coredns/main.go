// The cluster's DNS: CoreDNS with the plugins that its configuration names (local/cluster/nodes/real/coredns.yaml) and no others, which
// are a tenth of what it has and build in a fraction of the time.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// A query passes the plugins in this order, which is CoreDNS's own (its plugin.cfg).
func init() {
	dnsserver.Directives = []string{"reload", "health", "ready", "errors", "loadbalance", "cache", "kubernetes"}
}

func main() {
	coremain.Run()
}
