# SPDX-License-Identifier: GPL-2.0-or-later
#
# What hook.conf says: of all guests, of this one by its name, by its UUID, and of others. For the
# model: a real kernel knows nothing of the file, and takes long for devices with siblings.

[ -n "$ROOT" ] || exit 0

one=11111111-2222-3333-4444-555555555555
two=22222222-2222-3333-4444-555555555555
conf=$ROOT/etc/vfioprep/hook.conf
snapshot before

# configure LINE...: the lines of hook.conf.
configure()
{
	mkdir -p "${conf%/*}"
	chmod 755 "${conf%/*}"
	printf '%s\n' "$@" > "$conf"
	chmod 644 "$conf"
}
at_end rm -rf "${conf%/*}"

refused="$(hostdev "$pair0")"
hook 3 $one prepare begin "$refused"
configure "group = yes" "[other]" "gruop=yes" "junk"
hook 0 $one prepare begin "$refused"
hidden "$pair0" "$pair1"
hook 0 $one release end ""
unchanged before
configure "[web1]" "group=yes" "[$one]" "group=no"
hook 3 $one prepare begin "$refused"
hook 0 $two prepare begin "$refused"
hook 0 $two release end ""
configure "group=yes" "[web1]" "enabled=no"
hook 0 $one prepare begin "$refused"
unchanged before
configure "power=on" "driver=pci-stub"
hook 0 $one prepare begin "$(hostdev "$nic1")"
driver "$nic1" pci-stub
hook 0 $one release end ""
unchanged before
configure "[web1]" "gruop=yes"
hook 2 $one prepare begin "$refused"
err_has "/etc/vfioprep/hook.conf:2: there is no key gruop"
hook 0 $one prepare begin ""
configure "force=nothing"
hook 2 $one prepare begin "$(hostdev "$nic1")"
err_has "/etc/vfioprep/hook.conf: force=nothing"
configure "group=yes"
chmod 666 "$conf"
hook 2 $one prepare begin "$refused"
err_has "/etc/vfioprep/hook.conf"

# With a file that is wrong, too, everything goes back.
configure "group=yes"
hook 0 $one prepare begin "$refused"
configure "timeout=0"
hook 0 $one release end ""
err_has "hook.conf:1: timeout=0"
unchanged before
rm "$conf"

# A sibling that was hidden before does not come along.
run 0 hide --group "$pair0"
run 0 return "$pair0"
configure "group=yes"
hook 0 $one prepare begin "$refused"
hook 0 $one release end ""
hidden "$pair1"
run 0 return "$pair1"
unchanged before

