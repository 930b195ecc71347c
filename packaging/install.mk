# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where things go: part of the Makefile. Packages set the folders and DESTDIR, and build first
# with the same words, since some files name others.

INSTALL     ?= install
PREFIX      ?= /usr/local
BINDIR      ?= $(PREFIX)/bin
LIBDIR      ?= $(PREFIX)/lib
LIBEXECDIR  ?= $(PREFIX)/libexec/vfioprep
INCLUDEDIR  ?= $(PREFIX)/include
DATADIR     ?= $(PREFIX)/share
DOCDIR      ?= $(DATADIR)/doc/vfioprep
MANDIR      ?= $(DATADIR)/man
COMPDIR     ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR  ?= $(DATADIR)/zsh/site-functions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d
UNITDIR     ?= $(PREFIX)/lib/systemd/system
UDEVDIR     ?= $(PREFIX)/lib/udev/rules.d

# Who reads these looks in one place, whatever PREFIX is.
SYSCONFDIR  ?= /etc
CONFDIR      = $(SYSCONFDIR)/vfioprep
HOOKDIR     ?= $(SYSCONFDIR)/libvirt/hooks/qemu.d
INITRAMFS_TOOLSDIR ?= /usr/share/initramfs-tools
DRACUTDIR          ?= /usr/lib/dracut/modules.d
MKINITCPIODIR      ?= /usr/lib/initcpio
# For which of them: a distribution has one or two.
INITRAMFS   ?= initramfs-tools dracut mkinitcpio

# FILE:TARGET, one list for install and uninstall. Who has more to install adds a line; what is
# executable stays so. Files in share/ that no program looks for go to $(DATADIR)/vfioprep.
flat  = $(foreach f,$(1),$(f):$(2)/$(notdir $(f)))
share = $(foreach f,$(filter build/share/$(1)/%,$(SHARE)),$(f):$(f:build/share/$(1)/%=$(2)/%))
PLACED = early hook.conf devices.d libvirt udev systemd initramfs-tools dracut mkinitcpio
initramfs-tools_FILES = $(call share,initramfs-tools,$(INITRAMFS_TOOLSDIR))
dracut_FILES          = $(call share,dracut,$(DRACUTDIR))
mkinitcpio_FILES      = $(call share,mkinitcpio,$(MKINITCPIODIR))

FILES = $(call flat,build/bin/vfioprep build/bin/vfio-pci,$(BINDIR)) \
	$(call flat,$(filter build/bin/vfioprep-%,$(VERBS:%=build/bin/%)),$(LIBEXECDIR)) \
	$(call flat,$(CURL_TOOL:%=build/bin/%),$(LIBEXECDIR)) \
	build/libvfioprep.so:$(LIBDIR)/libvfioprep.so.$(VERSION) \
	$(call flat,build/libvfioprep.a,$(LIBDIR)) \
	$(call flat,build/vfioprep.pc,$(LIBDIR)/pkgconfig) \
	$(call flat,libvfioprep/vfioprep.h,$(INCLUDEDIR)) \
	completions/vfioprep.bash:$(COMPDIR)/vfioprep \
	completions/vfioprep.bash:$(COMPDIR)/vfio-pci \
	$(call flat,completions/_vfioprep,$(ZSHCOMPDIR)) \
	$(call flat,completions/vfioprep.fish,$(FISHCOMPDIR)) \
	completions/vfioprep.fish:$(FISHCOMPDIR)/vfio-pci.fish \
	$(foreach m,$(MANUALS),$(call flat,$(m),$(MANDIR)/man$(subst .,,$(suffix $(m))))) \
	$(call share,early,$(LIBEXECDIR)) \
	$(call share,libvirt,$(HOOKDIR)) \
	$(call share,udev,$(UDEVDIR)) \
	$(call share,systemd,$(UNITDIR)) \
	$(call share,devices.d,$(CONFDIR)/devices.d) \
	$(foreach i,$(INITRAMFS),$($(i)_FILES)) \
	$(foreach f,$(filter-out $(foreach p,$(PLACED),build/share/$(p) build/share/$(p)/%),$(SHARE)), \
		$(f):$(f:build/share/%=$(DATADIR)/vfioprep/%)) \
	$(call flat,README.md NEWS LICENSE $(wildcard docs/*.md docs/*.svg),$(DOCDIR)) \
	$(call flat,$(wildcard examples/*),$(DOCDIR)/examples)
# Those of the administrator: left alone when they are there, and kept when they were changed.
FILES_CONF = $(call flat,$(filter build/share/hook.conf,$(SHARE)),$(CONFDIR))
# Of the library, beside the file with its whole version.
LINKS = $(SONAME) libvfioprep.so
# Our own folders, which uninstall removes when they are empty, innermost first.
FOLDERS = $(LIBEXECDIR) $(DOCDIR)/examples $(DOCDIR) $(CONFDIR)/devices.d $(CONFDIR) \
	$(DRACUTDIR)/90vfioprep $(DATADIR)/vfioprep/apparmor $(DATADIR)/vfioprep

# Runs a command with $$from and $$to for each file of a list.
each = @set -eu; for pair in $(1); do from=$${pair%%:*}; to="$(DESTDIR)"$${pair\#*:}; $(2); done
copy = mode=644; [ ! -x $$from ] || mode=755; $(INSTALL) -D -m $$mode $$from "$$to"

install: all
	$(call each,$(FILES),$(copy))
	$(call each,$(FILES_CONF),[ -e "$$to" ] || { $(copy); })
	@ln -sf libvfioprep.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	@ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libvfioprep.so"
	@[ -n "$(DESTDIR)" ] || cat packaging/after-install

uninstall:
	$(call each,$(FILES),rm -f "$$to")
	$(call each,$(FILES_CONF),! cmp -s $$from "$$to" || rm -f "$$to")
	$(call each,$(foreach l,$(LINKS),:$(LIBDIR)/$(l)),rm -f "$$to")
	$(call each,$(FOLDERS:%=:%),[ ! -d "$$to" ] || rmdir --ignore-fail-on-non-empty "$$to")

# The packages of Debian, from a copy of the tree, into build/deb. Without the tests, which
# dpkg-buildpackage runs for others.
DEB_SRC := $(shell find Makefile NEWS README.md completions debian docs examples libvfioprep man \
	packaging scripts share tools -type f)

deb: build/deb/built
	@ls build/deb/*.deb

build/deb/built: $(DEB_SRC)
	@rm -rf build/deb
	@mkdir -p build/deb/vfioprep && touch build/deb/begun
	@tar -c --exclude=./build --exclude=./.git . | tar -x -C build/deb/vfioprep
	@cd build/deb/vfioprep && DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(shell nproc)" \
		DEB_BUILD_PROFILES=nocheck dpkg-buildpackage -b -us -uc >../log 2>&1 || \
		{ tail -n 20 ../log; exit 1; }
	@rm -rf build/deb/vfioprep
	@mv build/deb/begun $@
