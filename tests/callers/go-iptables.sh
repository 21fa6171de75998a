# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coreos/go-iptables, which CNI plugins, flannel, Tailscale and others use: its own test suite, and
# what it leaves behind.
#
# The suite of the package expects the counters of -v -S behind -j, and no -- in the listings of
# IPv6, as before 1.8.8: that test fails, on stock too, and the suite runs again with it corrected.
#
# packages: golang-go golang-github-coreos-go-iptables-dev
# shows: ^--- PASS: TestRules
# shows: ^--- FAIL: TestRules
# shows: ^PASS

package=github.com/coreos/go-iptables/iptables
export GO111MODULE=off GOPATH=/root/go GOCACHE=/tmp/cache
mkdir -p "go/src/$package"
cp "/usr/share/gocode/src/$package"/* "go/src/$package/"
suite()
{
	must go test -c -o suite "$package"
	echo '$ suite'
	./suite -test.v 2>&1 | sed -E 's/\([0-9.]+s\)/(TIME)/'
	echo "= ${PIPESTATUS[0]}"
}
suite
snapshot "after the suite"
sed -i 's,if ipt.mode == "nf_tables" {,if false {,; s,opt = "  ",opt = "--",' "go/src/$package/iptables_test.go"
suite
