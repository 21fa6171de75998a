# SPDX-License-Identifier: GPL-2.0-or-later
# make           build/ravelin and the links in build/bin
# make demo      a small firewall on real packets (as root)
# make demo-module               the same by the kernel module, in a virtual machine
# make check     all tests (as root; installs missing packages)
# make module    build/module/ravelin.ko for KERNEL=release (default: running); DEBUG=1: with tests
# make bench     speed and memory compared with stock iptables
# make check-quick             about a minute: unit tests, lint, command line
# make check-long, make fuzz   longer campaigns
# make check-package           installs and removes the Debian package on a clean root
# make check-vm                the kernel module in a virtual machine with Debian's kernel
# make check-flood             incoming packets while rules are replaced under a flood (as root)
# make check-busy              commands while other programs change tables (as root)
# make check-mutation          mutation testing (as root)
# make check-callers           Docker, firewalld, libvirt and others, with Ravelin and with stock
# make lint      static checks        make format   clang-format
# make install   DESTDIR, PREFIX      make deb      a Debian package
# make uninstall, make clean
#
# Sources are found by folder: new files need no line here.

VERSION   := 0.1.0
RELEASED  := 2026-11-25
PREFIX    ?= /usr/local
SBINDIR   ?= $(PREFIX)/sbin
LIBDIR    ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
# Directory of third-party matches and targets: docs/extension-example.
EXTENSIONS := $(LIBDIR)/ravelin/extensions
# Headers to build them with.
HEADERS    := buf error extension family ir list plugin predicate
TABLES     := operators selectors verdicts
BUILD     ?= build
SANITIZE  ?=

CC        ?= gcc
CFLAGS    ?= -O3 -g
# WERROR=1 turns warnings into errors, for checks with known compilers.
WERROR    ?=
WARNINGS  := $(if $(WERROR),-Werror) -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
             -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wno-unused-parameter -Wno-missing-field-initializers
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
             $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
# Restore files are parsed by many small functions in many files. Fat objects also contain machine
# code, so that unit tests link faster without LTO; clang 14 does not support them.
LTO       := $(if $(SANITIZE),,$(shell $(CC) -flto=auto -ffat-lto-objects -Werror -c -x c -o /dev/null /dev/null \
               2>/dev/null && echo -flto=auto))
PKGS      := libmnl expat jansson

RV_CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -DRAVELIN_VERSION='"$(VERSION)"' -Iinclude -I. -I$(BUILD) \
              $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CPPFLAGS)
RV_CFLAGS   = -std=gnu11 $(CFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZE) $(LTO) $(if $(LTO),-ffat-lto-objects) -MMD -MP
RV_LDFLAGS  = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS) $(SANITIZE)
RV_LIBS     = $(shell pkg-config --libs $(PKGS) 2>/dev/null) $(LDLIBS)

SOURCES   := $(sort $(wildcard ir/*.c registry/*.c store/*.c formats/*.c parser/*.c compiler/*.c analysis/*.c extensions/*.c backend/*.c backend/*/*.c backend/*/*/*.c cli/*.c cli/*/*.c \
               kernel/engine/*.c kernel/user/*.c))
GENERATED := $(BUILD)/parser/grammar.c $(BUILD)/parser/scan.c
OBJECTS   := $(SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:.c=.o)
LIBRARY   := $(filter-out $(BUILD)/cli/main.o,$(OBJECTS))

NAMES     := iptables ip6tables iptables-save ip6tables-save iptables-restore ip6tables-restore
TRANSLATE := iptables-translate ip6tables-translate iptables-restore-translate ip6tables-restore-translate
APPLY     := iptables-apply ip6tables-apply xtables-monitor
LINKS     := $(NAMES) $(foreach v,nft kmod,$(foreach n,$(NAMES),$(subst tables,tables-$(v),$(n)))) xtables-nft-multi $(TRANSLATE) $(APPLY) iptables-xml

# V=1 shows complete command lines.
Q         := $(if $(V),,@)
say        = @$(if $(V),:,printf '  %-5s %s\n' $(1) $@)

TESTED    := $(sort $(wildcard tests/unit/*.c))
UNIT      := $(TESTED:tests/unit/%.c=$(BUILD)/tests/%)

.PHONY: all module demo demo-module check check-quick check-long check-unit check-sanitize check-engine check-explain check-callers check-flood check-busy check-mutation check-warnings fuzz fuzz-blob bench bench-tools lint format install install-headers install-shell install-dkms deb check-package check-vm uninstall clean deps docs
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/describe $(BUILD)/manual $(BUILD)/ravelin $(LINKS:%=$(BUILD)/bin/%)

# Plugins call functions of the binary.
$(BUILD)/ravelin: $(OBJECTS) registry/plugin.symbols
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(RV_LDFLAGS) $(LTO) -Wl,--dynamic-list=registry/plugin.symbols -o $@ $(OBJECTS) $(RV_LIBS)

$(BUILD)/registry/plugin.o: CPPFLAGS += -DRAVELIN_EXTENSIONS_DIR='"$(EXTENSIONS)"'

# make build/extension/NAME.so: like a third party, with the public headers only.
$(BUILD)/extension/%.so: docs/extension-example/%.c include/ravelin/plugin.h include/ravelin/extension.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -D_GNU_SOURCE -shared -fPIC -Iinclude -o $@ $<

$(BUILD)/bin/%: $(BUILD)/ravelin
	@mkdir -p $(@D)
	@ln -sf ../ravelin $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -c -o $@ $<

# The commit, in a git checkout. The file is only touched if the commit changes. git refuses root
# access to another user's checkout ("sudo make install"): keeps the file then.
$(BUILD)/commit.h: FORCE
	@mkdir -p $(@D)
	@commit=$$([ -e .git ] && git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null); \
	if [ -n "$$commit" ] || [ ! -e $@ ]; then \
		echo "#define RAVELIN_COMMIT \"$$commit\"" >$@.new; \
		if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi; \
	fi
$(BUILD)/cli/main.o: $(BUILD)/commit.h

# Converts a page to a C string.
$(BUILD)/cli/ravelin/report_page.h: cli/ravelin/report.html
	@mkdir -p $(@D)
	$(Q){ echo 'static const char report_page[] ='; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } >$@
$(BUILD)/cli/ravelin/report.o: $(BUILD)/cli/ravelin/report_page.h
.PHONY: FORCE

# No warnings for code generated by flex and bison.
$(BUILD)/parser/%.o: $(BUILD)/parser/%.c
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) -Iparser $(RV_CFLAGS) -Wno-error -Wno-all -Wno-extra -c -o $@ $<

$(BUILD)/parser/grammar.c $(BUILD)/parser/grammar.h &: parser/grammar.y
	@mkdir -p $(@D)
	$(call say,BISON)
	$(Q)bison $(if $(WERROR),-Werror) -Wcounterexamples --header=$(BUILD)/parser/grammar.h -o $(BUILD)/parser/grammar.c $<

$(BUILD)/parser/scan.c $(BUILD)/parser/scan.h &: parser/scan.l
	@mkdir -p $(@D)
	$(call say,FLEX)
	$(Q)flex --header-file=$(BUILD)/parser/scan.h -o $(BUILD)/parser/scan.c $<

$(SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:.c=.o) $(TESTED:%.c=$(BUILD)/%.o): | $(BUILD)/parser/grammar.h $(BUILD)/parser/scan.h

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -fno-lto $(RV_LDFLAGS) -o $@ $< $(LIBRARY) $(RV_LIBS) $(shell pkg-config --libs cmocka)

# describe: the descriptors, for scripts and documentation. readback: checks translations to nft.
$(BUILD)/describe $(BUILD)/readback: $(BUILD)/%: tools/%.c $(LIBRARY)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -fno-lto $(RV_LDFLAGS) -o $@ $< $(LIBRARY) $(RV_LIBS)

# Writes the oldest revisions the kernel supports: tests/bats/revisions.bats.
$(BUILD)/oldest/ravelin: tests/bats/oldest.c $(LIBRARY) $(BUILD)/cli/main.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -fno-lto $(RV_LDFLAGS) -Wl,--wrap=rv_nft_wire,--wrap=rv_nft_part_write \
		-o $@ $^ $(RV_LIBS)

# Stubs the kernel's capability probe.
$(BUILD)/tests/test_nft: LDFLAGS += -Wl,--wrap=rv_nft_kernel_has
# Simulates lost replies.
$(BUILD)/tests/test_netlink: LDFLAGS += -Wl,--wrap=recv,--wrap=sendmsg,--wrap=mnl_socket_sendto

# The engine alone: its tests also run in the module.
ENGINE       := $(filter $(BUILD)/kernel/%,$(OBJECTS))
ENGINE_TESTS := $(sort $(wildcard tests/engine/*.c tests/engine/user/*.c))

$(BUILD)/tests/engine: $(ENGINE_TESTS) $(wildcard tests/engine/*.h tests/engine/user/*.h) $(ENGINE)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -fno-lto $(RV_LDFLAGS) -o $@ $(ENGINE_TESTS) $(ENGINE) $(RV_LIBS)

# The reference implementation needs the whole library.
$(BUILD)/tests/twin: $(sort $(wildcard tests/engine/twin/*.c)) $(wildcard tests/engine/twin/*.h) $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -fno-lto $(RV_LDFLAGS) -o $@ $(filter %.c,$^) $(LIBRARY) $(RV_LIBS)

# The manual pages.
$(BUILD)/manual: $(sort $(wildcard tools/manual/*.c)) tools/manual/manual.h $(LIBRARY)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) -DRAVELIN_DATE='"$(RELEASED)"' $(RV_CFLAGS) -fno-lto $(RV_LDFLAGS) -o $@ \
		$(filter %.c,$^) $(LIBRARY) $(RV_LIBS)

# Injects allocation failures.
$(BUILD)/tests/test_alloc $(BUILD)/tests/test_packet: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

$(BUILD)/bench/%: bench/%.c bench/recording.h bench/timing.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) $(RV_LDFLAGS) -o $@ $<

$(BUILD)/bench/engine $(BUILD)/bench/diagram: $(BUILD)/bench/%: bench/%.c bench/timing.h $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) $(RV_LDFLAGS) -o $@ $< $(LIBRARY) $(RV_LIBS)

$(BUILD)/bench/expressions $(BUILD)/bench/objects: $(BUILD)/bench/%: bench/%.c bench/timing.h $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) $(RV_LDFLAGS) -o $@ $< $(LIBRARY) $(RV_LIBS) $(shell pkg-config --libs libnftnl)

$(BUILD)/bench/%.so: bench/%.c bench/recording.h bench/timing.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -fPIC -shared -o $@ $< -ldl

# Builds the module in a copy, since Kbuild writes to the source directory.
KERNEL      ?= $(shell uname -r)
KERNEL_TREE ?= /lib/modules/$(KERNEL)/build
MODULE      := $(BUILD)/module$(if $(DEBUG),-debug)

module:
	$(call say,KMOD)
	@mkdir -p $(MODULE)/tests
	@find $(MODULE) -xtype l -delete
	@cp -rsf $(abspath kernel include) $(MODULE)/ && cp -rsf $(abspath tests/engine) $(MODULE)/tests/
	$(Q)$(MAKE) -C $(KERNEL_TREE) M=$(abspath $(MODULE))/kernel/linux RV_VERSION=$(VERSION) \
		RV_DEBUG=$(DEBUG) W=1 $(if $(V),,--silent) modules
	@cp $(MODULE)/kernel/linux/ravelin.ko $(MODULE)/ravelin.ko

# Documentation generated from the descriptors; lint fails if it is out of date.
docs: all
	$(BUILD)/describe markdown > docs/extensions.md
	@mkdir -p docs/man && rm -f docs/man/*.[18]
	$(BUILD)/manual docs/man cli/man/*.man

deps:
	scripts/deps

# Without root, it needs only what the build needs.
demo:
	scripts/deps build $$([ "$$(id -u)" != 0 ] || echo demo)
	$(MAKE) all
	scripts/demo

# A minute: boots Debian's kernel in a virtual machine.
demo-module:
	scripts/deps build module
	$(MAKE) all
	$(MAKE) module KERNEL=$$(tests/vm/kernel)
	MODULE=$(MODULE)/ravelin.ko scripts/demo-module

check:
	scripts/deps build check
	scripts/check

# About a minute, for development.
check-quick:
	scripts/deps build check
	scripts/check build unit lint quick

check-unit: $(UNIT)
	scripts/unit $(UNIT)

# The unit tests and a second binary with address and undefined-behaviour sanitizers.
check-sanitize:
	$(MAKE) BUILD=$(BUILD)/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' all check-unit

# The engine's tests, built for user space and for the module.
check-engine:
	tests/engine/run

# 2,000 rulesets of 200 packets each: explanations are compared with the kernel's verdicts
check-explain: all
	tests/explain/agree --rulesets 2000 --packets 200 --keep
	tests/explain/agree --keep tests/bats/published/*

# make fuzz SECONDS=600
fuzz:
	scripts/deps build check
	$(MAKE) all
	tests/fuzz/run $(or $(SECONDS),60)

# Fuzzes the tables given to the module: ten million, some hours.
fuzz-blob:
	scripts/deps build check
	FUZZ_RUNS=$(or $(RUNS),10000000) tests/fuzz/run 0 fuzz_blob

# Programs that use iptables: Docker, firewalld, libvirt and others; check runs the fast ones.
check-callers:
	scripts/deps build callers
	$(MAKE) all
	tests/callers/run

# Compiler warnings for all C code except the module; try CC=clang too.
APART := $(sort $(wildcard tests/*/*.c tests/engine/*/*.c tests/fuzz/*/*.c tools/*.c tools/*/*.c bench/*.c docs/extension-example/*.c))
check-warnings: $(BUILD)/parser/grammar.h $(BUILD)/parser/scan.h $(BUILD)/commit.h $(BUILD)/cli/ravelin/report_page.h
	@printf '%s\n' $(SOURCES) $(APART) | xargs -P "$$(nproc)" -n 1 $(CC) -fsyntax-only $(RV_CPPFLAGS) -DRAVELIN_DATE='""' \
		$(filter-out -MMD -MP $(LTO) -ffat-lto-objects,$(RV_CFLAGS))

# About an hour each; check runs short versions.
check-flood: all
	tests/flood/run
check-busy: all
	tests/busy/run

# Two hours: make check-mutation ARGS="--seed 7 --count 50 --files parser/"
check-mutation:
	scripts/deps build check
	tests/mutation/run $(ARGS)

# Hours instead of minutes: new random seeds, and more rules.
check-long:
	scripts/deps build check
	FUZZ_SECONDS=3600 ENGINE_RULESETS=10000 DIFFERENTIAL_RULES=20000 ODD_RULES=all \
		NATIVE_RULES=20000 DIFFERENTIAL_SCRIPTS=2000 DIFFERENTIAL_SESSIONS=20000 POWERLOSS_MOMENTS=5000 \
		THREEWAY_RULESETS=2000 FAST_CASES=0 FAST_EDITS=1000 FAST_ROUNDS=100 FAST_PROOFS=1000 \
		EXPLAIN_RULESETS=2000 EXPLAIN_SECONDS=0 CONNTRACK_SEEDS=2000 PROVE_PAIRS=1000 PROVE_PACKETS=1000000 PROVE_SECONDS=0 \
		DIFFERENTIAL_NEEDED=$$(mktemp) DIFFERENTIAL_SEED=$$(date +%s) scripts/check
	PROVE_PAIRS=1000 DIFFERENTIAL_SEED=$$(date +%s) scripts/check browser prove-kernel demo-module

# Built with clang, see tests/fuzz/run.
$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) $(RV_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.c,$^) $(LIBRARY) $(RV_LIBS)

$(BUILD)/fuzz/fuzz_blob: tests/fuzz/blob/mutate.c tests/fuzz/blob/blob.h

$(BUILD)/fuzz/blob_seeds: tests/fuzz/blob/seeds.c tests/fuzz/blob/blob.h $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) $(RV_LDFLAGS) -o $@ $< $(LIBRARY) $(RV_LIBS)

# Two rulesets, by analysis/ and by packets: tests/prove/run.
$(BUILD)/prove/pair: tests/prove/pair.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(RV_CPPFLAGS) $(RV_CFLAGS) -fno-lto $(RV_LDFLAGS) -o $@ $< $(LIBRARY) $(RV_LIBS)

BENCH := floor measure record.so diagram engine expressions objects send sockopt.so

bench-tools: $(BENCH:%=$(BUILD)/bench/%)

bench:
	scripts/deps build bench
	$(MAKE) all bench-tools
	bench/run
	bench/growth
	bench/explain --ravelin $(BUILD)/ravelin
	bench/prove
	bench/boxes
	$(BUILD)/bench/expressions
	$(BUILD)/bench/objects
	bench/packets
	bench/lookup
	bench/lint
	$(MAKE) module KERNEL=$$(tests/vm/kernel)
	tests/vm/run -t 7200 bench/guest $(BUILD)/module/ravelin.ko

lint:
	scripts/lint

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# Install paths are filled in.
DATADIR   ?= $(PREFIX)/share
MANDIR    ?= $(DATADIR)/man
BASHDIR   ?= $(DATADIR)/bash-completion/completions
ZSHDIR    ?= $(DATADIR)/zsh/site-functions
FISHDIR   ?= $(DATADIR)/fish/vendor_completions.d
UNITDIR   ?= $(PREFIX)/lib/systemd/system
COMPLETED := ravelin $(LINKS)
# Subcommands of ravelin-rules.
RULES     := boot load test save
# Loaded at boot by ravelin-rules if the rules cannot be.
CLOSED    := closed.v4 closed.v6
PAGES     := $(wildcard docs/man/*.[18])
fill       = sed -e 's|@RAVELIN@|$(SBINDIR)/ravelin|; s|@NAMES@|$(COMPLETED)|; s|@RULES@|$(RULES)|; s|@SBINDIR@|$(SBINDIR)|g' \
	-e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|; s|@EXTENSIONS@|$(EXTENSIONS)|'

install: all install-headers install-shell
	install -D -m 0755 $(BUILD)/ravelin $(DESTDIR)$(SBINDIR)/ravelin
	for n in $(LINKS); do ln -sf ravelin $(DESTDIR)$(SBINDIR)/$$n; done
	install -d -m 0755 $(DESTDIR)$(EXTENSIONS) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(UNITDIR)
	$(fill) dist/ravelin.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/ravelin.pc
	$(fill) dist/ravelin-restore.service.in >$(DESTDIR)$(UNITDIR)/ravelin-restore.service
	$(fill) dist/ravelin-rules.in >$(DESTDIR)$(SBINDIR)/ravelin-rules && chmod 0755 $(DESTDIR)$(SBINDIR)/ravelin-rules
	install -m 0644 -t $(DESTDIR)$(LIBDIR)/ravelin $(CLOSED:%=dist/%)
	for p in $(PAGES); do install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man$${p##*.} $$p || exit; done
	@[ -n "$(DESTDIR)" ] || scripts/installed $(SBINDIR)

# bash and fish look up completions by program name.
install-shell:
	install -d -m 0755 $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	$(fill) completion/ravelin.bash >$(DESTDIR)$(BASHDIR)/ravelin
	$(fill) completion/ravelin.zsh >$(DESTDIR)$(ZSHDIR)/_ravelin
	$(fill) completion/ravelin.fish >$(DESTDIR)$(FISHDIR)/ravelin.fish
	for n in $(LINKS) ravelin-rules; do ln -sf ravelin $(DESTDIR)$(BASHDIR)/$$n; ln -sf ravelin.fish $(DESTDIR)$(FISHDIR)/$$n.fish; done

# Takes an hour, because instructions are emulated. make check-vm SUITES="cli packets" runs only
# these suites of tests/vm/suites.
check-vm:
	scripts/deps build check
	$(MAKE) all
	tests/vm/check --long $(SUITES)

# Needs debootstrap and access to a Debian archive.
check-package:
	scripts/deps build package
	tests/package/run --long

# build/ravelin_VERSION_ARCH.deb
deb: all
	scripts/deps build deb
	scripts/deb $(VERSION)

# Module sources for dkms, which builds them for each kernel; continue with "dkms install
# ravelin/VERSION".
DKMSDIR ?= /usr/src/ravelin-$(VERSION)
install-dkms:
	for f in include/uapi/ravelin.h include/ravelin/selectors.def include/ravelin/operators.def include/ravelin/hooks.h kernel/ravelin.h kernel/engine/*.[ch] kernel/linux/*.[ch] kernel/linux/Kbuild; do \
		install -D -m 0644 $$f $(DESTDIR)$(DKMSDIR)/$$f || exit; done
	$(fill) kernel/linux/dkms.conf >$(DESTDIR)$(DKMSDIR)/dkms.conf

install-headers:
	install -D -m 0644 -t $(DESTDIR)$(INCLUDEDIR)/ravelin $(HEADERS:%=include/ravelin/%.h) $(TABLES:%=include/ravelin/%.def)

uninstall:
	for n in ravelin ravelin-rules $(LINKS); do rm -f $(DESTDIR)$(SBINDIR)/$$n; done
	for n in $(CLOSED); do rm -f $(DESTDIR)$(LIBDIR)/ravelin/$$n; done
	for n in $(HEADERS:%=%.h) $(TABLES:%=%.def); do rm -f $(DESTDIR)$(INCLUDEDIR)/ravelin/$$n; done
	-rmdir $(DESTDIR)$(INCLUDEDIR)/ravelin
	for n in $(COMPLETED) ravelin-rules; do rm -f $(DESTDIR)$(BASHDIR)/$$n $(DESTDIR)$(FISHDIR)/$$n.fish; done
	for p in $(notdir $(PAGES)); do rm -f $(DESTDIR)$(MANDIR)/man$${p##*.}/$$p; done
	rm -f $(DESTDIR)$(ZSHDIR)/_ravelin $(DESTDIR)$(LIBDIR)/pkgconfig/ravelin.pc $(DESTDIR)$(UNITDIR)/ravelin-restore.service

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(TESTED:%.c=$(BUILD)/%.d)
