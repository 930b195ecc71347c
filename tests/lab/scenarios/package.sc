# SPDX-License-Identifier: GPL-2.0-or-later
# The packages of Debian (make deb), installed, used, removed and purged, in a root of its own: a
# layer over this one, in which all that changes can be counted. Nothing is left but what dpkg
# and others note of every package.
# usual-kernel: 6.12
# timeout: 600

debs=$checkout/build/deb
[ -e "$debs/built" ] || fail "no packages in build/deb; make deb builds them"

layer=$scenario_folder/layer root=$scenario_folder/root
mkdir -p "$layer" "$root"
mount -t tmpfs -o mode=755 tmpfs "$layer"
mkdir "$layer/upper" "$layer/work"
at_end umount "$layer"
mount -t overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" overlay "$root"
at_end umount "$root"
for folder in dev proc run sys; do
	mount --rbind "/$folder" "$root/$folder"
	mount --make-rslave "$root/$folder"
	at_end umount -R "$root/$folder"
done

# inside COMMAND...: in that root, without the tools of the checkout.
inside() {
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		HOME=/root DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

# What is new or changed in that root, but for what dpkg, ldconfig and man write of their own.
changes() {
	(cd "$layer/upper" && find . ! -type d) | sed 's/^\.//' | grep -v \
		-e '^/var/lib/dpkg/' -e '^/var/log/' -e '^/var/cache/' -e '^/etc/ld.so.cache' \
		-e '^/usr/local/sbin/update-initramfs$' -e '^/var/lib/man-db/' || :
	(cd "$layer/upper" && find . -type d) | sed 's/^\.//' | while read -r folder; do
		[ -d "/$folder" ] || echo "$folder"
	done
}

# What update-initramfs does with the hook is another scenario; here it only says that it ran.
mkdir -p "$root/usr/local/sbin"
printf '#!/bin/sh\necho "update-initramfs $*"\n' >"$root/usr/local/sbin/update-initramfs"
chmod +x "$root/usr/local/sbin/update-initramfs"
rm -f "$root/var/lib/man-db/auto-update"
nothing=$(changes)
[ -z "$nothing" ] || fail "the root is not as it should be: $nothing"

note "installed"
cp "$debs"/*.deb "$root/var/cache/"
inside sh -c 'dpkg --force-unsafe-io -i /var/cache/*.deb' >"$scenario_folder/said" 2>&1 ||
	fail "dpkg -i: $(cat "$scenario_folder/said")"
! grep -q '^update-initramfs' "$scenario_folder/said" || fail "an initramfs was made for nothing"
[ -z "$(inside dpkg --verify vfioprep libvfioprep0 libvfioprep-dev)" ] || fail "dpkg --verify"

[ "$(changes | grep -cx -e /usr/bin/vfioprep -e /etc/vfioprep/hook.conf)" = 2 ] || fail "uncounted"

note "used"
inside vfioprep list -o address,driver --noheadings | grep -q "^$nic1 *e1000e$" || fail list
for program in "$root"/usr/libexec/vfioprep/vfioprep-*; do
	verb=${program##*/}
	[ "${verb%-ch}" = "$verb" ] || continue
	[ -e "$root/usr/share/man/man8/$verb.8.gz" ] || fail "no manual of $verb"
	inside "${verb%%-*}" "${verb#*-}" --help >/dev/null || fail "$verb --help"
done
inside man -w 8 vfioprep-hide >/dev/null
inside bash -c '. /usr/share/bash-completion/completions/vfioprep && complete -p vfioprep' >/dev/null
[ "$(stat -c %a:%U "$root/etc/libvirt/hooks/qemu.d/vfioprep")" = 755:root ] || fail hook
[ -L "$root/etc/systemd/system/multi-user.target.wants/vfioprep.service" ] || fail "not enabled"
inside udevadm info --version >/dev/null

example=/usr/share/doc/libvfioprep-dev/examples/verdicts.c
inside sh -c "cd /run/lab && cc -o verdicts $example \$(pkg-config --cflags --libs vfioprep) &&
	./verdicts" >"$scenario_folder/verdicts" || fail "the example is not compiled, or does not run"
rm -f /run/lab/verdicts
grep -q "^$nic1 e1000e: passable$" "$scenario_folder/verdicts" || fail "$(cat "$scenario_folder/verdicts")"

inside vfioprep hide --persist "$nic1" >/dev/null
hidden "$nic1"
inside vfioprep return "$nic1" >/dev/null
driver "$nic1" e1000e
[ -e "$root/etc/vfioprep/devices.d/$nic1.conf" ] || fail "hide --persist wrote nothing"
inside vfioprep apply --check >/dev/null && fail "apply --check sees no difference"
inside vfioprep hide "$nic2" >/dev/null

note "installed again: with a device configured, it has to do with the initramfs"
inside sh -c 'dpkg --force-unsafe-io -i /var/cache/vfioprep_*.deb' >"$scenario_folder/said" 2>&1 ||
	fail "dpkg -i: $(cat "$scenario_folder/said")"
grep -q '^update-initramfs -u$' "$scenario_folder/said" || fail "no initramfs: $(cat "$scenario_folder/said")"
driver "$nic1" e1000e
driver "$nic2" vfio-pci

note "removed: what was configured stays, and the hook that is left lets guests start"
inside dpkg -r vfioprep libvfioprep-dev libvfioprep0 >"$scenario_folder/said" 2>&1 || fail "dpkg -r"
grep -q '^update-initramfs -u$' "$scenario_folder/said" || fail "the list stays in the initramfs"
grep -q "$nic2 stays hidden" "$scenario_folder/said" || fail "nobody says that $nic2 stays hidden"
[ ! -e "$root/usr/bin/vfioprep" ] && [ -e "$root/etc/vfioprep/devices.d/$nic1.conf" ] || fail kept
inside /etc/libvirt/hooks/qemu.d/vfioprep guest prepare begin - </dev/null || fail "the hook"
record "$nic2" yes
run 0 return "$nic2"

note "purged: nothing is left"
inside dpkg -P vfioprep libvfioprep0 libvfioprep-dev >"$scenario_folder/said" 2>&1 || fail "dpkg -P"
rm -f "$root"/var/cache/*.deb
left=$(changes)
[ -z "$left" ] || fail "left: $left"
[ ! -e /run/vfioprep ] || fail "/run/vfioprep is left"
! inside dpkg -l 'vfioprep*' 'libvfioprep*' 2>/dev/null | grep -q '^[a-z][a-z] ' || fail "dpkg -l"
