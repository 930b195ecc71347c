# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Words of the scenarios that lib/examples.awk makes of documents: each example is run, and
# what it prints compared with what the document says. All that differs is shown, then the
# scenario fails.

begin_document()
{
	document=$1 document_line=0 examples=0 differing=0
	# shellcheck source=/dev/null
	. "$lab_run/settings"
	cd /
}

# Where in the document we are, for what goes wrong while preparing.
scenario_line()
{
	printf '%s:%s' "$document" "$document_line"
}

before()
{
	document_line=$1
	eval "$2"
}

not_run()
{
	note "$document:$1: not run: $2"
}

# What varies from one run to the next, without a fault of anybody.
normal()
{
	sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9:]{4,5})?/DATE/g' \
		-e 's/(\([^(), ]+, )[0-9]+\)/\1PID)/g' \
		-e 's/\b(pid"?:?|process) [0-9]+\b/\1 PID/g' \
		-e 's/\bsd[a-z]{1,2}([0-9]*)\b/sdX\1/g' \
		-e 's/\bnvme[0-9]+(n[0-9]+(p[0-9]+)?)?\b/nvmeN\1/g' \
		-e 's/\beth[0-9]+\b/ethN/g' \
		-e 's/\b6\.[0-9]+\.[0-9]+[0-9a-z.+-]*-amd64\b/KERNEL/g' \
		-e 's/[ \t]+$//' -e 's/([^ ]) +/\1 /g'
}

# matches PRINTED EXPECTED: where a line "..." stands for any lines.
matches()
{
	local pattern=$'\n' line
	[ -z "$2" ] || while IFS= read -r line; do
		if [ "$line" = ... ]; then
			pattern+=$'?(*\n)'
		else
			pattern+=$line$'\n'
		fi
	done < <(sed 's/[][\\*?+@!|()]/\\&/g' <<< "$2")
	# shellcheck disable=SC2053 # a pattern it is
	[[ $'\n'${1:+$1$'\n'} == $pattern ]]
}

# example LINE COMMAND: what it is to print is the input.
example()
{
	local expected printed status=0
	document_line=$1
	examples=$((examples + 1))
	expected=$(normal)
	timeout 60 bash -c "$2" </dev/null >"$out" 2>&1 || status=$?
	printed=$(normal < "$out")
	[ "$status" != 124 ] || printed+=$'\n(not done after 60 s)'
	[ -z "$verbose" ] || { note "$document:$1: # $2"; cat "$out"; }
	if ! matches "$printed" "$expected"; then
		differing=$((differing + 1))
		[ -n "$verbose" ] || note "$document:$1: # $2"
		diff -U 100 --label "$document:$1" --label 'here, now' \
			<(printf '%s\n' "$expected") <(printf '%s\n' "$printed") || true
	fi
}

end_document()
{
	note "$document: $examples examples, $differing differ"
	[ "$examples" != 0 ] && [ "$differing" = 0 ]
}

# empty_guest NAME: a guest without a system in it, whose monitor is /run/NAME.qmp. It has two
# ports, rp1 and rp2, and lets go at once of what it is asked for.
empty_guest()
{
	local name=$1
	qemu-system-x86_64 -M q35 -accel tcg -m 64 -S -nodefaults -display none -name "$name" \
		-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
		-device pcie-root-port,id=rp1,chassis=1,slot=1 \
		-device pcie-root-port,id=rp2,chassis=2,slot=2 \
		-qmp "unix:/run/$name.qmp,server=on,wait=off" \
		-daemonize -pidfile "/run/$name.pid"
	at_end end_guest_of "$name"
}

end_guest_of()
{
	kill "$(<"/run/$1.pid")" 2>/dev/null || true
	rm -f "/run/$1.qmp" "/run/$1.pid"
}

# usb_in_order: buses are numbered as after the boot, whatever has come back since.
usb_in_order()
{
	local controllers=("$pci_drivers"/xhci_hcd/*:*) controller
	for controller in "${controllers[@]##*/}"; do
		kwrite /sys/bus/pci/drivers/xhci_hcd/unbind "$controller"
	done
	for controller in "${controllers[@]##*/}"; do
		kwrite /sys/bus/pci/drivers/xhci_hcd/bind "$controller"
	done
	await 20 has_disk "$xhci"
	udevadm settle
}

# disks_in_order: sda is the disk of $sata, and has nothing on it.
disks_in_order()
{
	kwrite /sys/bus/pci/drivers/xhci_hcd/unbind "$xhci"
	kwrite /sys/bus/pci/drivers/ahci/unbind "$sata"
	kwrite /sys/bus/pci/drivers/ahci/bind "$sata"
	await 20 has_disk "$sata"
	kwrite /sys/bus/pci/drivers/xhci_hcd/bind "$xhci"
	await 20 has_disk "$xhci"
	blank "$(disk_of "$sata")"
}
