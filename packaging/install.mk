# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where things go: part of the Makefile. Packages set the folders and DESTDIR, and build first
# with the same words, since some files name others.

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
PLACED = hook.conf devices.d libvirt udev systemd initramfs-tools dracut mkinitcpio
initramfs-tools_FILES = $(call share,initramfs-tools,$(INITRAMFS_TOOLSDIR))
dracut_FILES          = $(call share,dracut,$(DRACUTDIR))
mkinitcpio_FILES      = $(call share,mkinitcpio,$(MKINITCPIODIR))

INSTALL = $(call flat,build/bin/vfioprep build/bin/vfio-pci,$(BINDIR)) \
	$(call flat,$(filter build/bin/vfioprep-%,$(VERBS:%=build/bin/%)),$(LIBEXECDIR)) \
	$(call flat,$(CURL_TOOL:%=build/bin/%),$(LIBEXECDIR)) \
	build/libvfioprep.so:$(LIBDIR)/libvfioprep.so.$(VERSION) \
	$(call flat,build/libvfioprep.a,$(LIBDIR)) \
	$(call flat,build/vfioprep.pc,$(LIBDIR)/pkgconfig) \
	$(call flat,libvfioprep/vfioprep.h,$(INCLUDEDIR)) \
	completions/vfioprep.bash:$(COMPDIR)/vfioprep \
	$(call flat,$(wildcard completions/_vfioprep),$(ZSHCOMPDIR)) \
	$(call flat,$(wildcard completions/vfioprep.fish),$(FISHCOMPDIR)) \
	$(foreach m,$(MANUALS),$(call flat,$(m),$(MANDIR)/man$(subst .,,$(suffix $(m))))) \
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
INSTALL_CONF = $(call flat,$(filter build/share/hook.conf,$(SHARE)),$(CONFDIR))
# Of the library, beside the file with its whole version.
LINKS = $(SONAME) libvfioprep.so
# Our own folders, which uninstall removes when they are empty, innermost first.
FOLDERS = $(LIBEXECDIR) $(DOCDIR)/examples $(DOCDIR) $(CONFDIR)/devices.d $(CONFDIR) \
	$(DRACUTDIR)/90vfioprep $(DATADIR)/vfioprep/apparmor $(DATADIR)/vfioprep

# Runs a command with $$from and $$to for each file of a list.
each = @set -eu; for pair in $(1); do from=$${pair%%:*}; to="$(DESTDIR)"$${pair\#*:}; $(2); done
copy = mode=644; [ ! -x $$from ] || mode=755; install -D -m $$mode $$from "$$to"

install: all
	$(call each,$(INSTALL),$(copy))
	$(call each,$(INSTALL_CONF),[ -e "$$to" ] || { $(copy); })
	@ln -sf libvfioprep.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	@ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libvfioprep.so"
	@[ -n "$(DESTDIR)" ] || cat packaging/after-install

uninstall:
	$(call each,$(INSTALL),rm -f "$$to")
	$(call each,$(INSTALL_CONF),! cmp -s $$from "$$to" || rm -f "$$to")
	$(call each,$(foreach l,$(LINKS),:$(LIBDIR)/$(l)),rm -f "$$to")
	$(call each,$(FOLDERS:%=:%),[ ! -d "$$to" ] || rmdir --ignore-fail-on-non-empty "$$to")
