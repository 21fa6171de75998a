# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shorewall6: what shorewall.sh does, for IPv6.
#
# packages: shorewall6
# shows: -A net-fw -p tcp .*--dport 22 .*-j ACCEPT|-A net-fw -p tcp -m tcp --dport 22
# shows: -j MASQUERADE
# shows: Shorewall6 is running

FAMILY=6
# shellcheck source=tests/callers/shorewall.sh
. /callers/shorewall.sh
