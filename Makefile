# SPDX-License-Identifier: GPL-2.0-or-later
#
# vfioprep: `make help` lists what there is to do.
#
# One set of rules builds the release (build/) and the developer's variant, with UBSan
# (build/dev/) or, with ASAN=1, with ASan too (build/asan/): that one is what `make check` runs,
# the other is quicker to fork. The developer's objects are linked a second time, into tools on
# a model of the driver core, which takes the place of the library's writer.

VERSION := $(shell sed -n 's/^\#define VFP_VERSION "\(.*\)"/\1/p' libvfioprep/vfioprep.h)
SONAME  := libvfioprep.so.0

comma := ,
CC         ?= cc
PKG_CONFIG ?= pkg-config
PKGS       := libpci libkmod mount libmnl jansson smartcols libusb-1.0 zlib libxml-2.0
# Only the folder of a header may be new to the compiler; a warning there is not ours.
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PKGS) libcurl 2>/dev/null))
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
CURL_LIBS  := $(shell $(PKG_CONFIG) --libs libcurl 2>/dev/null)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wundef -Wimplicit-fallthrough $(if $(CI),-Werror)
BASE := -std=gnu17 -D_GNU_SOURCE -Ilibvfioprep -Itools -fPIC -fvisibility=hidden \
	$(PKG_CFLAGS) $(WARN) -MMD -MP
HARD := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
SAN  := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
	-fsanitize=undefined$(if $(ASAN),$(comma)address)
DEV  := $(if $(FUZZ),build/fuzz,$(if $(ASAN),build/asan,build/dev))
ifdef FUZZ
SAN  := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
	-fsanitize=undefined$(comma)address$(comma)fuzzer-no-link
endif
LINK := -Wl,--as-needed -Wl,-z,relro,-z,now

LIB_SRC   := $(wildcard libvfioprep/*.c libvfioprep/*/*.c)
VERBS     := $(patsubst tools/%.c,%,$(wildcard tools/vfioprep*.c tools/vfio-pci.c))
# What needs libcurl, whose start takes longer than most verbs: verbs with it are one more program
# each, which the other becomes.
CURL_SRC  := tools/guest-ch-http.c
CURL_TOOL := vfioprep-plug-ch vfioprep-unplug-ch
TOOL_SRC  := $(filter-out $(VERBS:%=tools/%.c) $(CURL_SRC),$(wildcard tools/*.c))
TESTS     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test-*.c))
TEST_HELP := $(wildcard tests/unit/fixture*.c)
ENGINE    := $(wildcard tests/unit/engine*.c)
MODEL_SRC := $(filter-out tests/model-write.c tests/model-host.c,$(wildcard tests/model*.c))
MODEL_OBJ := $(MODEL_SRC:%.c=$(DEV)/obj/%.o)
SHARE     := $(shell find share -type f 2>/dev/null)
SHARE     := $(patsubst %.in,%,$(SHARE:%=build/%))
MANUALS   := $(wildcard man/*.[1-9]) build/man/libvfioprep.3

all: $(VERBS:%=build/bin/%) $(CURL_TOOL:%=build/bin/%) build/libvfioprep.so \
	build/libvfioprep.a build/vfioprep.pc $(SHARE) $(MANUALS)

help:
	@echo "make            release build: build/bin/, build/libvfioprep.so and .a"
	@echo "make deps       install what building and testing need"
	@echo "make demo       watch a device go to a virtual machine and back (in a virtual host)"
	@echo "make check      all tests: lint, unit, lab with the demo"
	@echo "make check-long the same, with everything that takes long (two hours or three)"
	@echo "make unit       unit tests; seconds, no root, no virtual machine (ASAN=1: slower)"
	@echo "make fuzz       SECONDS= of each fuzz target, with clang; crashes are in build/fuzz"
	@echo "make lab        scenarios on real kernels in a virtual host (LONG=1: all of them)"
	@echo "make lint       formatting, exports, links, documents"
	@echo "make deb        packages for Debian, in build/deb"
	@echo "make install    DESTDIR= PREFIX= (now $(PREFIX)); make uninstall: with the same words"

# -- variants ---------------------------------------------------------------------------

define variant # $(1) folder, $(2) flags
$(1)/obj/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(CC) $$(BASE) $(2) $$(CPPFLAGS) $$(CFLAGS) -c -o $$@ $$<

$(1)/libvfioprep.a: $(LIB_SRC:%.c=$(1)/obj/%.o)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^

$(1)/libtool.a: $(TOOL_SRC:%.c=$(1)/obj/%.o)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^

$(VERBS:%=$(1)/bin/%): $(1)/bin/%: $(1)/obj/tools/%.o $(1)/libtool.a $(1)/libvfioprep.a
	@mkdir -p $$(@D)
	$$(CC) $(2) $$(LINK) -pie $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS)

$(1)/libch.a: $(CURL_SRC:%.c=$(1)/obj/%.o)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^

$(CURL_TOOL:%=$(1)/bin/%): $(1)/bin/%-ch: $(1)/obj/tools/%.o $(CURL_SRC:%.c=$(1)/obj/%.o) \
		$(1)/libtool.a $(1)/libvfioprep.a
	@mkdir -p $$(@D)
	$$(CC) $(2) $$(LINK) -pie $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS) $$(CURL_LIBS)
endef

$(eval $(call variant,build,$(HARD)))
$(eval $(call variant,$(DEV),$(SAN) -Itests -Itests/unit))

build/libvfioprep.so: $(LIB_SRC:%.c=build/obj/%.o) libvfioprep/vfioprep.map
	$(CC) $(HARD) $(LINK) -shared -Wl,-soname,$(SONAME) $(LDFLAGS) \
		-Wl,--version-script=libvfioprep/vfioprep.map -o $@ $(filter %.o,$^) $(PKG_LIBS)
	@ln -sf libvfioprep.so build/$(SONAME)

# What has installed paths in it is made anew when they change.
PATHS = $(VERSION) $(PREFIX) $(BINDIR) $(LIBEXECDIR) $(LIBDIR) $(INCLUDEDIR)
build/paths: FORCE
	@mkdir -p $(@D)
	@echo '$(PATHS)' | cmp -s - $@ || echo '$(PATHS)' >$@
FORCE:

PATH_OBJ := $(foreach v,build $(DEV),$(v)/obj/tools/vfioprep.o $(v)/obj/tools/vfio-pci.o)
$(PATH_OBJ): build/paths
# As seen from the programs, so that an installed tree may be moved.
$(PATH_OBJ): CPPFLAGS += \
	-DLIBEXECDIR='"$(shell realpath -ms --relative-to=$(BINDIR) $(LIBEXECDIR))"'

build/vfioprep.pc: libvfioprep/vfioprep.pc.in build/paths
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@

# What other programs read or run: share/X as it is, share/X.in with the paths put in.
build/share/%: share/%.in build/paths
	@mkdir -p $(@D)
	@sed -e 's|@BINDIR@|$(BINDIR)|g; s|@LIBEXECDIR@|$(LIBEXECDIR)|g' \
		-e 's|@VERSION@|$(VERSION)|g' $< >$@
	@chmod --reference=$< $@

build/share/%: share/%
	@mkdir -p $(@D)
	@cp -p $< $@

build/man/libvfioprep.3: libvfioprep/vfioprep.h scripts/man3
	@mkdir -p $(@D)
	@scripts/man3 $< >$@

# Kill points of the tests: the two calls by which a record appears and goes. Opens of nodes
# can be made busy.
WRAP := -Wl,--wrap=renameat,--wrap=unlinkat,--wrap=root_open

$(VERBS:%=$(DEV)/model/bin/%): $(DEV)/model/bin/%: $(DEV)/obj/tools/%.o \
		$(MODEL_OBJ) $(DEV)/libtool.a $(DEV)/libvfioprep.a
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LINK) $(WRAP) -o $@ $^ $(PKG_LIBS)

$(CURL_TOOL:%=$(DEV)/model/bin/%): $(DEV)/model/bin/%-ch: $(DEV)/obj/tools/%.o \
		$(CURL_SRC:%.c=$(DEV)/obj/%.o) $(MODEL_OBJ) $(DEV)/libtool.a $(DEV)/libvfioprep.a
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LINK) $(WRAP) -o $@ $^ $(PKG_LIBS) $(CURL_LIBS)

$(DEV)/model/model-write $(DEV)/model/model-host: $(DEV)/model/%: $(DEV)/obj/tests/%.o \
		$(MODEL_OBJ) $(TEST_HELP:%.c=$(DEV)/obj/%.o) \
		$(DEV)/libvfioprep.a
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LINK) $(WRAP) -o $@ $^ $(PKG_LIBS)

$(TESTS:%=$(DEV)/test/%): $(DEV)/test/%: $(DEV)/obj/tests/unit/%.o \
		$(TEST_HELP:%.c=$(DEV)/obj/%.o) $(ENGINE:%.c=$(DEV)/obj/%.o) $(MODEL_OBJ) \
		$(DEV)/libch.a $(DEV)/libtool.a $(DEV)/libvfioprep.a
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LINK) $(WRAP) -o $@ $^ $(PKG_LIBS) $(CURL_LIBS) -lcmocka

# -- fuzz targets -------------------------------------------------------------------------
#
# With the corpus alone (replay.c has main()), or with FUZZ=1 and clang with its fuzzer. A
# verb's whole command line is a target with its main() renamed.

FUZZ_CC      ?= clang
FUZZ_VERBS   := $(patsubst vfioprep-%,%,$(filter vfioprep-%,$(VERBS)))
FUZZ_PARTS   := select record netlink hotplug sysfs ch qmp xml
FUZZ_TARGETS := $(FUZZ_PARTS:%=$(DEV)/fuzz-%) $(FUZZ_VERBS:%=$(DEV)/fuzz-words-%)
FUZZ_HELP    := $(patsubst %,$(DEV)/obj/tests/fuzz/%.o,fuzz edit inline-child) \
	$(if $(FUZZ),,$(DEV)/obj/tests/fuzz/replay.o) $(TEST_HELP:%.c=$(DEV)/obj/%.o)
FUZZ_WRAP    := -Wl,--wrap=syscall,--wrap=str_add_bytes
WORDS_WRAP   := -Wl,--wrap=vfp_ctx_new,--wrap=vfp_ctx_free,--wrap=vfp_ctx_set_root \
	-Wl,--wrap=vfp_ctx_record_reads,--wrap=execv,--wrap=execvp,--wrap=execve \
	-Wl,--wrap=posix_spawn,--wrap=posix_spawnp,--wrap=connect,--wrap=bind

$(DEV)/obj/renamed/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE) $(SAN) $(CPPFLAGS) $(CFLAGS) -Dmain=verb_main -Wno-missing-prototypes -c \
		-o $@ $<

$(FUZZ_PARTS:%=$(DEV)/fuzz-%): $(DEV)/fuzz-%: $(DEV)/obj/tests/fuzz/fuzz-%.o $(FUZZ_HELP) \
		$(DEV)/libtool.a $(DEV)/libvfioprep.a
	$(CC) $(SAN) $(if $(FUZZ),-fsanitize=fuzzer) $(LINK) $(FUZZ_WRAP) -o $@ $^ $(PKG_LIBS)

$(FUZZ_VERBS:%=$(DEV)/fuzz-words-%): $(DEV)/fuzz-words-%: $(DEV)/obj/tests/fuzz/fuzz-words.o \
		$(DEV)/obj/renamed/tools/tool.o $(DEV)/obj/tools/vfioprep-%.o $(FUZZ_HELP) \
		$(DEV)/libtool.a $(DEV)/libvfioprep.a
	$(CC) $(SAN) $(if $(FUZZ),-fsanitize=fuzzer) $(LINK) $(FUZZ_WRAP) $(WORDS_WRAP) -o $@ $^ \
		$(PKG_LIBS)

-include $(shell find build -path build/lab -prune -o -type f -name '*.d' -print 2>/dev/null)

# -- tests ------------------------------------------------------------------------------

MODEL := $(VERBS:%=$(DEV)/model/bin/%) $(CURL_TOOL:%=$(DEV)/model/bin/%) $(DEV)/model/model-write $(DEV)/model/model-host

unit: $(TESTS:%=$(DEV)/test/%) $(VERBS:%=$(DEV)/bin/%) $(CURL_TOOL:%=$(DEV)/bin/%) $(MODEL)
	@BIN=$(DEV)/bin MODEL_BIN=$(DEV)/model/bin tests/unit/run $(TESTS:%=$(DEV)/test/%)

# The corpus once: part of `make check`, with any compiler.
replay: $(FUZZ_TARGETS)
	@tests/fuzz/run replay $(FUZZ_TARGETS)

# SECONDS of each target; TARGETS="select sysfs" for some.
fuzz:
	@CC=$(FUZZ_CC) scripts/deps ensure-fuzz
	@$(MAKE) --no-print-directory FUZZ=1 CC=$(FUZZ_CC) run-fuzz

run-fuzz: $(if $(TARGETS),$(TARGETS:%=$(DEV)/fuzz-%),$(FUZZ_TARGETS))
	@tests/fuzz/run fuzz $(or $(SECONDS),60) $^

build/lab/floor build/lab/killpoints: build/lab/%: tests/lab/%.c
	@mkdir -p $(@D)
	$(CC) -O2 -D_GNU_SOURCE $(WARN) -o $@ $<

build/lab/cycles: tests/lab/cycles.c build/libvfioprep.a
	@mkdir -p $(@D)
	$(CC) -O2 $(WARN) -Ilibvfioprep -o $@ $^ $(PKG_LIBS)

lab: all build/lab/floor build/lab/killpoints build/lab/cycles build/deb/built
	@tests/lab/run -k all -j $(if $(LONG),--long)

lint: all
	@scripts/lint

demo check check-long: ensure-deps
	@$(MAKE) --no-print-directory run-$@

run-demo: all
	@tests/lab/demo

# The lab's scenarios include the demo.
run-check: all
	@$(MAKE) --no-print-directory lint
	@tests/install
	@$(MAKE) --no-print-directory deb
	@lintian --fail-on error,warning build/deb/*.changes
	@$(MAKE) --no-print-directory unit ASAN=1
	@$(MAKE) --no-print-directory replay ASAN=1
	@$(MAKE) --no-print-directory lab

# Every original state, every kill point, every walk to its end.
run-check-long: all
	@$(MAKE) --no-print-directory lint
	@tests/install
	@$(MAKE) --no-print-directory deb
	@lintian --fail-on error,warning build/deb/*.changes
	@VFIOPREP_THOROUGH=1 $(MAKE) --no-print-directory unit ASAN=1
	@$(MAKE) --no-print-directory replay ASAN=1
	@$(MAKE) --no-print-directory fuzz SECONDS=300
	@$(MAKE) --no-print-directory lab LONG=1

deps:
	@scripts/deps install

ensure-deps:
	@scripts/deps ensure

include packaging/install.mk

clean:
	rm -rf build/bin build/man build/obj build/dev build/asan build/fuzz build/lib* build/share \
		build/vfioprep.pc

.PHONY: FORCE all help unit replay fuzz run-fuzz lab lint demo check check-long run-demo \
	run-check run-check-long deps ensure-deps install uninstall deb clean
.DELETE_ON_ERROR:
