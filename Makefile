# SPDX-License-Identifier: LGPL-2.1-or-later
# vmutils: small programs that run QEMU guests from libvirt domain XML.
#
#   make             build/bin/* from cmd/*.c over build/libcore.a
#   make check       build and run every test (installs what is missing: see deps)
#   make demo        define, boot, ask and stop a guest below build/demo
#   make bench       measure, as ratios against bare QEMU, xmllint and virsh
#   make lint        warnings of two compilers, pages, scripts
#   make check-faults  kill at each system call
#   make install DESTDIR= PREFIX=/usr   make uninstall
#   SANITIZE=1       any of these with ASan and UBSan, in build/sanitize
#   QEMU_USER= QEMU_GROUP=   whom QEMU runs as in roots of root (default root:root)

VERSION    := 0.1.0
PREFIX     ?= /usr/local
DESTDIR    ?=
QEMU_USER  ?= root
QEMU_GROUP ?= root
CC         ?= cc
B          := build$(if $(SANITIZE),/sanitize)

CPPFLAGS += -D_GNU_SOURCE -Ilibcore -DVMUTILS_VERSION='"$(VERSION)"' \
            -DQEMU_USER='"$(QEMU_USER)"' -DQEMU_GROUP='"$(QEMU_GROUP)"' -DPREFIX='"$(PREFIX)"'
WARN      = -Wall -Wextra -Wshadow -Wstrict-prototypes $(WERROR)
CFLAGS   ?= -O2 -g
# -fno-strict-aliasing: the vocabulary engine fills structs through their field tables.
HOUSE     = -std=c17 $(WARN) -fno-strict-aliasing -ffunction-sections -fdata-sections -fstack-protector-strong
LDFLAGS  += -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now
ifdef SANITIZE
HOUSE    += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=address,undefined
endif

PACKAGES := libxml-2.0 jansson libselinux libcap-ng libseccomp uuid
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

LIB_SRC  := $(wildcard libcore/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o)
PROGRAMS := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
BINS     := $(PROGRAMS:%=$(B)/bin/%)
UNIT_SRC := $(wildcard tests/unit/*.c)
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(B)/tests/%)

all: $(BINS)

# Nothing is built before the libraries are there; on a fresh machine deps installs them.
$(B)/%.o: %.c | $(B)/deps.ok
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(shell pkg-config --cflags $(PACKAGES)) $(HOUSE) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libcore.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/bin/%: $(B)/cmd/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(HOUSE) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs $(PACKAGES))

$(B)/tests/%: $(B)/tests/unit/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(HOUSE) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs check $(PACKAGES))

$(B)/deps.ok:
	@sh tests/deps.sh build
	@mkdir -p $(@D) && touch $@

units: $(UNITS)

clean:
	rm -rf build

.PHONY: all units clean
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(PROGRAMS:%=$(B)/cmd/%.d)
