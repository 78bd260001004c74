# SPDX-License-Identifier: LGPL-2.1-or-later
# vmutils: small programs that run QEMU guests from libvirt domain XML.
#
#   make               build/bin/* from cmd/*.c over build/libcore.a
#   make check         build and run every test; T='tests/cli/run.bats …' only those
#   make check-faults  kill the programs at each of their system calls
#   make check-lsm     boot guests with SELinux, AppArmor and systemd and run their tests; K=selinux only those
#   make demo          define, boot, ask and stop a guest below build/demo
#   make bench         measure, as ratios against bare QEMU, xmllint and virsh
#   make refresh       what xml-to-argv prints becomes what its tests expect
#   make fuzz          libFuzzer on what reads documents, for FUZZ_SECONDS (60)
#   make lint          warnings of two compilers, pages, scripts, layers
#   make deps          install what any of these lacks (each does so for itself)
#   make install DESTDIR= PREFIX=/usr/local    make uninstall
#   make install-selinux    the SELinux module that lets the programs start confined guests; uninstall-selinux
#   SANITIZE=1         any of these with ASan and UBSan, in build/sanitize
#   QEMU_USER= QEMU_GROUP=   whom QEMU runs as in roots of root (root:root)

VERSION    := 0.1.0
PREFIX     ?= /usr/local
DESTDIR    ?=
QEMU_USER  ?= root
QEMU_GROUP ?= root
CC         ?= cc
B          := build$(if $(SANITIZE),/sanitize)

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

CPPFLAGS += -D_GNU_SOURCE -Ilibcore -DVMUTILS_VERSION='"$(VERSION)"' \
            -DQEMU_USER='"$(QEMU_USER)"' -DQEMU_GROUP='"$(QEMU_GROUP)"'
WARN      = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla $(WERROR)
CFLAGS   ?= -O2 -g
# -fno-strict-aliasing: the vocabulary engine fills structs through their field tables.
HOUSE     = -std=c17 $(WARN) -fno-strict-aliasing -ffunction-sections -fdata-sections -fstack-protector-strong
LDFLAGS  += -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,pack-relative-relocs
ifdef SANITIZE
HOUSE    += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=address,undefined
endif

PACKAGES := libxml-2.0 jansson libselinux libapparmor libcap-ng libseccomp

LIB_SRC  := $(wildcard libcore/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o)
PROGRAMS := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
BINS     := $(PROGRAMS:%=$(B)/bin/%)
UNITS    := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c))
HELPERS  := $(patsubst tests/%.c,$(B)/tests/%,$(filter-out tests/fake-qemu.c tests/intruder.c,$(wildcard tests/*.c tests/bench/*.c)))
PAGES    := $(wildcard man/*.[157])
OBJ      := $(LIB_OBJ) $(PROGRAMS:%=$(B)/cmd/%.o) $(UNITS:%=%.o) $(HELPERS:%=%.o)

COMPLETIONS := $(patsubst completions/%,$(B)/completions/%,$(wildcard completions/*))

all: $(BINS) $(B)/libcore.a $(COMPLETIONS)

# What pkg-config says, asked once; made (and make begun anew) after the libraries are there.
ifeq ($(filter clean deps uninstall,$(MAKECMDGOALS)),)
include build/flags.mk
endif
build/flags.mk: Makefile build/deps.build
	@{ echo "PKG_CFLAGS := $$(pkg-config --cflags $(PACKAGES))"; \
	   echo "PKG_LIBS := $$(pkg-config --libs $(PACKAGES))"; } >$@

# One stamp for each part that tests/deps.sh knows.
build/deps.%: tests/deps.sh Makefile
	@mkdir -p build
	@sh tests/deps.sh $*
	@touch $@
deps:
	@sh tests/deps.sh

# Other flags or another compiler than last time: everything is built again.
FLAGS := $(CC) $(CPPFLAGS) $(HOUSE) $(CFLAGS) $(LDFLAGS)
ifneq ($(strip $(file <$(B)/flags)),$(strip $(FLAGS)))
$(shell mkdir -p $(B))
$(file >$(B)/flags,$(FLAGS))
endif

# V=1 shows whole commands.
show = $(if $(V),,@echo '  $(1) $@';)
$(B)/%.o: %.c $(B)/flags | build/flags.mk
	@mkdir -p $(@D)
	$(call show,CC)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(HOUSE) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libcore.a: $(LIB_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/bin/%: $(B)/cmd/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(call show,LD)$(CC) $(HOUSE) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BINS): LIBS = $(PKG_LIBS)
# It stays for the life of each guest, so it is kept to libc.
$(B)/bin/vm-reap: LIBS =

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libcore.a
	$(call show,LD)$(CC) $(HOUSE) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $$(pkg-config --libs check)
$(filter-out $(B)/tests/fake-qemu,$(HELPERS)): $(B)/tests/%: $(B)/tests/%.o $(B)/libcore.a
	$(call show,LD)$(CC) $(HOUSE) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(UNITS:%=%.o): | build/deps.check
# It looks for the headers of libsystemd, which a build can do without, but its tests bring.
ifneq ($(filter check,$(MAKECMDGOALS)),)
$(B)/libcore/guard/cgroup_systemd.o: | build/deps.check
endif

# Stands in for QEMU in tests that start it thousands of times: static and without sanitizers, to
# start in a millisecond.
$(B)/tests/fake-qemu: tests/fake-qemu.c $(B)/flags | build/flags.mk
	@mkdir -p $(@D)
	$(call show,CC)$(CC) -D_GNU_SOURCE -std=c17 $(WARN) -O2 -static -o $@ $<

# Loaded into a program, it tries what a program that has been taken over would.
$(B)/tests/intruder.so: tests/intruder.c $(B)/flags | build/flags.mk
	@mkdir -p $(@D)
	$(call show,CC)$(CC) -D_GNU_SOURCE -std=c17 $(WARN) -O2 -shared -fPIC -o $@ $<

$(B)/completions/%: completions/% $(wildcard cmd)
	@mkdir -p $(@D)
	@sed 's/@PROGRAMS@/$(PROGRAMS)/' $< >$@

FAKE_QEMU := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fake-qemu.c))

units: $(UNITS) helpers
helpers: $(HELPERS) $(FAKE_QEMU) $(B)/tests/intruder.so

check: build/deps.check all units $(if $(SANITIZE),plain)
	@tests/run $(B) $(T)
# Tests under strace or a seccomp filter need programs without sanitizers.
plain:
	@$(MAKE) SANITIZE= all helpers
check-faults: build/deps.check all helpers
	@FAULTS=all FILE_TIMEOUT=7200 TEST_TIMEOUT=3600 tests/run $(B) $(or $(T),$(wildcard tests/cli/*fault*.bats))
# SELinux, AppArmor and systemd are only to be had in a kernel of their own: a guest is booted for each.
check-lsm: build/deps.lsm all helpers
	@tests/guest/run $(B) $(K)
demo: build/deps.demo all
	@tests/demo.sh $(B)
# What xml-to-argv prints now becomes what tests/data/argv expects; look at the difference.
refresh: all
	@tests/refresh $(B)
# libFuzzer (clang) on the reader, the passes and the builders, and on headers of images, for FUZZ_SECONDS each.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = $(CPPFLAGS) $(PKG_CFLAGS) -std=c17 -g -O1 -fno-strict-aliasing -fsanitize=fuzzer,address,undefined
build/fuzz/domain: tests/fuzz/domain.c $(wildcard libcore/base/*.c libcore/xml/*.c libcore/domain/*.c libcore/qemu/*.c)
build/fuzz/image: tests/fuzz/image.c $(wildcard libcore/base/*.c libcore/host/image*.c)
build/fuzz/%: | build/flags.mk
	@mkdir -p build/fuzz/corpus.$*
	clang $(FUZZ_FLAGS) -o $@ $(filter %.c,$^) $(PKG_LIBS)
fuzz: build/fuzz/domain build/fuzz/image
	ASAN_OPTIONS=detect_leaks=0 build/fuzz/domain -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -artifact_prefix=build/fuzz/ build/fuzz/corpus.domain tests/data/argv tests/data/refused
	ASAN_OPTIONS=detect_leaks=0 build/fuzz/image -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -artifact_prefix=build/fuzz/ build/fuzz/corpus.image

bench: build/deps.bench all helpers
	@tests/bench/run $(B)
lint: build/deps.lint all
	+@tests/lint/run $(B)

install: all
	@sh cmd/init/install.sh '$(DESTDIR)' '$(PREFIX)' $(B)
uninstall:
	@sh cmd/init/install.sh --remove '$(DESTDIR)' '$(PREFIX)' $(B)

# The programs' own SELinux module, into the policy of this host (or the one below DESTDIR).
install-selinux:
	@sh cmd/init/install-selinux.sh '$(DESTDIR)' '$(PREFIX)'
uninstall-selinux:
	@sh cmd/init/install-selinux.sh --remove '$(DESTDIR)' '$(PREFIX)'

clean:
	rm -rf build

.PHONY: all units helpers plain deps check check-faults check-lsm demo bench lint install uninstall install-selinux uninstall-selinux clean refresh fuzz
.SECONDARY:
-include $(OBJ:.o=.d)
