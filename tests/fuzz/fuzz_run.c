/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures that may hold anything: ravelin run on a fixed ruleset.
 *
 * Input: a byte (1: IPv6, 2: JSON, 4: forwarded, 8: --conntrack), then the capture.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Something that looks at every header, and targets that write. */
static const char rules[] =
	"*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
	"-A PREROUTING -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 500\n"
	"-A PREROUTING -p tcp -m tcp --tcp-option 2 -m multiport --ports 1:100 -j DSCP --set-dscp 1\n"
	"-A PREROUTING -m string --string ab --algo kmp -j MARK --set-xmark 1\n"
	"-A PREROUTING -m u32 --u32 \"0>>22&0x3C@0&0xff=0:9\" -j TOS --set-tos 8\n"
	"-A PREROUTING -m length --length 0:99 -m mac --mac-source 2:0:0:0:0:c\nCOMMIT\n"
	"*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n"
	"-A INPUT -p udp -m udp --dport 53 -m limit --limit 1/s -j a\n"
	"-A INPUT -m hashlimit --hashlimit-upto 1/s --hashlimit-mode srcip,dstport --hashlimit-name h\n"
	"-A INPUT -m recent --name r --set -m addrtype --src-type UNICAST -j LOG --log-prefix x\n"
	"-A INPUT -m conntrack --ctstate NEW -m set --match-set s src,dst -j a\n"
	"-A INPUT -m connmark --mark 1/1 -m addrtype --dst-type LOCAL -j MARK --set-mark 2\n"
	"-A a -m dscp --dscp 1 -m tos --tos 1 -m iprange --src-range %s -j REJECT\nCOMMIT\n";

static int rule_files[2];	/* of IPv4 and IPv6 */

static int memory_file(const char *text, size_t len)
{
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		abort();
	return fd;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const ranges[] = { "1.1.1.1-9.9.9.9", "::1-fe80::" };
	int null = open("/dev/null", O_WRONLY);
	FILE *quiet = fopen("/dev/null", "w");
	char text[sizeof(rules) + 64];

	(void)argc;
	(void)argv;
	if (null < 0 || !quiet || dup2(null, STDOUT_FILENO) < 0)
		abort();
	stderr = quiet;		/* the fuzzer has the other one */
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), rules, ranges[i]);
		rule_files[i] = memory_file(text, strlen(text));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_cli cli = { .name = "run", .family = NFPROTO_IPV4 };
	char names[2][32], *argv[12];
	int argc = 0, fd;

	if (!size)
		return 0;
	fd = memory_file((const char *)data + 1, size - 1);
	snprintf(names[0], sizeof(names[0]), "/proc/self/fd/%d", rule_files[data[0] & 1]);
	snprintf(names[1], sizeof(names[1]), "/proc/self/fd/%d", fd);
	argv[argc++] = (char *)"run";
	argv[argc++] = (char *)"-r";
	argv[argc++] = names[0];
	argv[argc++] = (char *)"-p";
	argv[argc++] = names[1];
	argv[argc++] = (char *)(data[0] & 1 ? "-6" : "-4");
	argv[argc++] = (char *)"-H";
	argv[argc++] = (char *)(data[0] & 4 ? "PREROUTING,FORWARD,POSTROUTING" : "PREROUTING,INPUT");
	if (data[0] & 2)
		argv[argc++] = (char *)"-j";
	if (data[0] & 8)
		argv[argc++] = (char *)"-c";
	argv[argc] = NULL;
	cli.argc = argc;
	cli.argv = argv;
	rv_cli_run(&cli);
	close(fd);
	return 0;
}
