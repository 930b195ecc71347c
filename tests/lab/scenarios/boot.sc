# SPDX-License-Identifier: GPL-2.0-or-later
# machine: reboot
# kernel: 6.12
# image: initramfs-tools
# timeout: 300
#
# From boot to boot: of two network cards that are alike one is configured, and after a
# reboot through an image of the real initramfs-tools it alone is hidden. An address that
# holds another device and one that holds none are left alone and told. vfioprep=off on the
# kernel command line keeps all of it away.

# shellcheck source=/dev/null
. "$lab_dir/inside/reboot.sh"

image=/var/tmp/image

configure()
{
	printf '[%s]\nexpect=%s\n' "$1" "$2" > "/etc/vfioprep/devices.d/$3.conf"
}

first()
{
	install_vfioprep
	mkdir -p /etc/vfioprep/devices.d
	configure "$nic1" 8086:10d3 nic
	configure "$bare" 8086:10fb changed
	configure 0000:7f:00.0 8086:10fb missing
	early_files "$image"
	grep -q -x "$nic1 8086 10d3 8086 .... vfio-pci" "$image/etc/vfioprep/boot-list"
	[ "$(wc -l < "$image/etc/vfioprep/boot-list")" = 1 ]
	[ -n "$(find "$image" -name 'vfio-pci.ko*')" ]
	rm -r "$image/usr/lib/modules" # the image has them, and knows where
	reboot_into "$image" claimed "etc/vfioprep ${image#/}/etc ${image#/}/usr"
}

claimed()
{
	install_vfioprep
	cat /run/vfioprep/early
	grep -q -x "$nic1 vfio-pci initramfs" /run/vfioprep/early
	driver "$nic1" vfio-pci
	override "$nic1" vfio-pci
	driver "$nic2" e1000e
	override "$nic2" ""
	driver "$bare" none
	override "$bare" ""
	record "$nic1" no

	note "what is hidden is as it shall be, what is not there is told"
	run 3 apply --check "$nic1"
	out_is "$nic1: record none -> hidden"
	run 3 apply
	err_has "$bare"
	err_has 0000:7f:00.0
	hidden "$nic1"
	driver "$bare" none
	run 0 status --noheadings --raw --output ORIGINAL
	out_is "(unknown)"
	vfioprep doctor > "$out" || true
	out_has "$nic1 is configured to be hidden: the initramfs has claimed it"

	note "nobody knows what it was on, but its ids tell"
	run 0 return "$nic1"
	driver "$nic1" e1000e
	override "$nic1" ""
	run 3 apply --check "$nic1"
	run 0 apply "$nic1"
	hidden "$nic1"
	reboot_into "$image" off etc/vfioprep vfioprep=off
}

off()
{
	driver "$nic1" e1000e
	driver "$nic2" e1000e
	override "$nic1" ""
	[ ! -e /run/vfioprep ] || fail "something was claimed"
	dmesg | grep -q "vfioprep: vfioprep=off: nothing is claimed"

	note "without configuration nothing is left in an image"
	rm -r /etc/vfioprep
	install_vfioprep
	mkdir -p "$image/scripts/init-top"
	cp /usr/share/initramfs-tools/scripts/init-top/00-vfioprep "$image/scripts/init-top/"
	early_files "$image"
	[ -z "$(find "$image" -type f)" ] || fail "$(find "$image" -type f)"
}

"$stage"
