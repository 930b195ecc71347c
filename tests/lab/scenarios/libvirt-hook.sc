# SPDX-License-Identifier: GPL-2.0-or-later
# machine: main
# usual-kernel: 6.12
# timeout: 300
#
# A real libvirtd runs the hook: devices are hidden when a guest starts and are back when it has
# ended, however it ends. The guests are paused, or a boot sector that powers off.

for part in frame libvirt; do
	# shellcheck source=/dev/null
	. "$lab_dir/story/$part.sh"
done

folder=$scenario_folder
hook=/etc/libvirt/hooks/qemu.d/vfioprep
log=$folder/log

install_hook()
{
	mkdir -p "${hook%/*}"
	sed "s|@BINDIR@|$(dirname "$(command -v vfioprep)")|" \
		"$lab_dir/../../share/libvirt/vfioprep.in" > "$hook"
	chmod 755 "$hook"
	cat > "${hook%/*}/zz-calls" <<-END
		#!/bin/sh
		cat > /dev/null
		echo "\$*" >> $folder/calls
	END
	chmod 755 "${hook%/*}/zz-calls"
	at_end rm -rf /etc/libvirt/hooks
}

open_log()
{
	socat -u "UNIX-RECV:/dev/log,mode=666" "CREATE:$log" &
	at_end rm -f /dev/log
	await 5 test -S /dev/log
}

log_has()
{
	await 5 grep -a -q -F -e "$1" "$log"
}

# hostdev DEV [ATTRIBUTES]: as libvirt writes it.
hostdev()
{
	printf "<hostdev mode='subsystem' type='pci' %s><source>%s</source></hostdev>\n" \
		"${2-}" "$(address "$1")"
}

address()
{
	printf "<address type='pci' domain='0x%s' bus='0x%s' slot='0x%s' function='0x%s'/>" \
		"${1%%:*}" "${1:5:2}" "${1:8:2}" "${1:11}"
}

uuid()
{
	printf '11111111-2222-3333-4444-%012d' "$1"
}

# domain NAME NUMBER DEVICES...: its XML; the last digits of its UUID are the number.
domain()
{
	local name=$1 number=$2
	shift 2
	cat <<-END > "$folder/$name.xml"
		<domain type='qemu'>
		  <name>$name</name>
		  <uuid>$(uuid "$number")</uuid>
		  <memory unit='MiB'>32</memory>
		  <os><type arch='x86_64' machine='q35'>hvm</type>$kernel</os>
		  <features><acpi/></features>
		  <cpu mode='custom' match='exact' check='none'><model>qemu64</model></cpu>
		  <devices>
		    <emulator>$(command -v qemu-system-x86_64)</emulator>
		    <controller type='usb' model='none'/>
		    <controller type='pci' index='1' model='pcie-root-port'/>
		    <controller type='pci' index='2' model='pcie-root-port'/>
		    <controller type='pci' index='3' model='pcie-root-port'/>
		    <memballoon model='none'/>
		    $*
		  </devices>
		</domain>
	END
}

# What a guest needs to let go of a device and to obey the power button, in one sector: for ever,
# it reads which slots shall be ejected (0xcc4), of each bus (0xcd0), and ejects them (0xcc8); and
# when the button was pressed (0x600), it powers off (0x604).
boot_disk()
{
	{
		printf '\xfb\xba\x02\x06\xb8\x00\x01\xef\x66\x31\xc9\xba\xd0\x0c\x66\x89'
		printf '\xc8\x66\xef\xba\xc4\x0c\x66\xed\x66\x85\xc0\x74\x05\xba\xc8\x0c'
		printf '\x66\xef\x41\x83\xe1\x0f\x75\xe3\xf4\xba\x00\x06\xed\xf6\xc4\x01'
		printf '\x74\xd9\xba\x04\x06\xb8\x00\x20\xef\xeb\xd0'
	} > "$folder/boot"
	truncate -s 510 "$folder/boot"
	printf '\x55\xaa' >> "$folder/boot"
	truncate -s 1M "$folder/boot"
	printf "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
	printf "<source file='%s'/><target dev='sda' bus='sata'/></disk>" "$folder/boot"
}

start()
{
	virsh --quiet create --paused "$folder/$1.xml"
}

# not_started NAME TEXT: refused, and virsh says TEXT.
not_started()
{
	! virsh create --paused "$folder/$1.xml" > "$folder/said" 2>&1 || fail "$1 started"
	note "$(cat "$folder/said")"
	grep -q -F -e "$2" "$folder/said" || fail "virsh does not say: $2"
}

destroy()
{
	virsh --quiet destroy "$1"
}

claimed()
{
	run 0 status
	out_has "$1"
}

# called TEXT: libvirtd has called its hooks with this, and ours, which comes first, is through.
called()
{
	await 60 grep -q -e "^$1" "$folder/calls"
}

ended()
{
	! virsh domstate "$1" > /dev/null 2>&1
}

install_hook
open_log
start_libvirtd
at_end end_libvirtd
snapshot before

# -- start and destroy, and another guest that wants the same ----------------------------------

kernel=
domain web1 1 "$(hostdev "$nic1") $(hostdev "$nic4" "managed='no'")"
start web1
hidden "$nic1" "$nic4"
claimed "$(uuid 1)"
log_has "$nic1: from e1000e to vfio-pci by vfioprep-hook (web1) for $(uuid 1)"

domain web2 2 "$(hostdev "$nic2") $(hostdev "$nic1")"
not_started web2 "vfioprep-hook: $nic1: it is open in guest web1"
log_has "guest web2: $nic1: it is open in guest web1"
called "web2 release end"
driver "$nic2" e1000e
hidden "$nic1" "$nic4"

destroy web1
called "web1 release end"
unchanged before

# -- a start that fails afterwards, and consent ------------------------------------------------

kernel="<kernel>/etc/passwd</kernel>"
domain web2 2 "$(hostdev "$nic1") $(hostdev "$nic2" "managed='yes'")"
not_started web2 "invalid kernel header"
called "web2 prepare begin -"
log_has "$nic1: from vfio-pci to e1000e by vfioprep-hook (web2) for $(uuid 2)"
unchanged before

kernel=
domain web2 2 "<interface type='hostdev'><source>$(address "$nic1")</source></interface>"
not_started web2 "SR-IOV Virtual Functions only"
log_has "$nic1: from e1000e to vfio-pci by vfioprep-hook (web2) for $(uuid 2)"
unchanged before

domain web3 3 "$(hostdev "$pair0")"
not_started web3 "$pair1"
unchanged before

# -- libvirtd is started again while the guest runs, and is killed -----------------------------

domain web1 1 "$(hostdev "$nic1") $(hostdev "$nic2" "managed='yes'")"
start web1
hidden "$nic1"
record "$nic2" no
driver "$nic2" vfio-pci
kill "$libvirtd_id"
wait "$libvirtd_id" || true
start_libvirtd
called "web1 reconnect begin -"
virsh list --name | grep -x web1
hidden "$nic1"
kill -9 "$libvirtd_id"
wait "$libvirtd_id" || true
: > "$folder/calls"
kill -9 "$(pgrep -f 'guest=web1')"
start_libvirtd
called "web1 release end"
await 20 driver "$nic1" e1000e
await 20 unchanged before

# -- hot-plug, for which there is no hook ------------------------------------------------------

: > "$folder/calls"
domain web1 1 "$(hostdev "$nic1") $(boot_disk)"
virsh --quiet create "$folder/web1.xml"
hidden "$nic1"
run 0 hide "$nic2"
run 0 hide "$nic3" --for "$(uuid 1)"
hostdev "$nic2" > "$folder/nic2.xml"
hostdev "$nic3" > "$folder/nic3.xml"
virsh --quiet attach-device web1 "$folder/nic2.xml" --live
virsh --quiet attach-device web1 "$folder/nic3.xml" --live
run 4 return "$nic2"
virsh --quiet detach-device web1 "$folder/nic2.xml" --live
run 0 return --wait 60 "$nic2"
driver "$nic2" e1000e

# The power button; what was hidden for the guest comes back with the rest.
virsh --quiet shutdown web1
await 30 ended web1
called "web1 release end"
note "$(cat "$folder/calls")"
unchanged before
