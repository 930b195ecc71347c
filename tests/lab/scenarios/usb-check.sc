# SPDX-License-Identifier: GPL-2.0-or-later
#
# check of USB devices: a stick that is mounted, a keyboard that is the last, a network card
# with an address, one that a guest has, a hub.
# machine: desktop
# usual-kernel: 6.12

devices=/sys/bus/usb/devices
bus_of()
{
	local hub
	for hub in "/sys/bus/pci/devices/$1"/usb*; do
		if [ "$(<"$hub/speed")" = 480 ]; then cat "$hub/busnum"; fi
	done
}
first=$(bus_of "$xhci1") second=$(bus_of "$xhci2") third=$(bus_of "$xhci3")
keyboard=$first-1 mouse=$first-2 other=$second-1 stick=$third-1.1 card=$third-2
disk_there()
{
	disk=$(basename "$(echo $devices/"$stick":1.0/host*/target*/*/block/sd*)")
	[ -b "/dev/$disk" ]
}
await 20 disk_there

refuses 0 check "$stick"
mkfs.ext4 -q -F "/dev/$disk"
mkdir -p "$scenario_folder/mnt"
mount "/dev/$disk" "$scenario_folder/mnt"
at_end umount "$scenario_folder/mnt"
refuses 3 check "$stick"
out_has "would lose $scenario_folder/mnt"
run 0 list --noheadings -o USE "$stick"
out_has "$scenario_folder/mnt is mounted"

refuses 0 check "$keyboard"
out_has "the host would lose the keyboard"
serial_console()
{
	echo "$1" > /sys/class/tty/ttyS0/console
}
board_keyboard()
{
	echo -n "$1" > /sys/bus/serio/devices/serio0/drvctl
}
at_end serial_console Y
serial_console N
board_keyboard none
at_end board_keyboard rescan
refuses 0 check "$keyboard"
out_has "QEMU QEMU USB Keyboard remains"
# Together they are the last.
refuses 3 check "$keyboard" "$other"
out_has "last keyboard"
hold_node /dev/input/mice
refuses 3 check "$mouse"
out_has "last pointer"
let_go

interface=$(basename "$(echo $devices/"$card":*/net/*)")
refuses 0 check "$card"
echo 0 > "/proc/sys/net/ipv6/conf/$interface/accept_ra"
ip link set "$interface" up
ip address add 192.0.2.1/24 dev "$interface"
refuses 0 check "$card"
out_has "the host would lose its address 192.0.2.1/24"
ip route add default via 192.0.2.254 dev "$interface"
refuses 3 check "$card"
out_has "default route"
ip link set "$interface" down
ip address flush dev "$interface"

refuses 3 check "$third-1"
out_has "it is a hub"
refuses 3 check "usb:usb$third"

qemu-system-x86_64 -M pc -accel tcg -m 64 -S -nodefaults -display none -name web7 \
	-device qemu-xhci -device "usb-host,hostbus=$first,hostaddr=$(<"$devices/$mouse/devnum")" \
	-daemonize -pidfile "$scenario_folder/pid"
guest=$(<"$scenario_folder/pid")
refuses 3 check "$mouse"
out_has "guest web7 (qemu-system-x86, $guest) has it"
run 0 list --noheadings -o USE "$mouse"
out_has "guest web7 (qemu-system-x86, $guest)"
kill "$guest"
await 20 process_gone "$guest"
refuses 0 check "$mouse"
# QEMU gives its interfaces back only when the guest lets go, not when it is ended; so does this.
for interface in $devices/"$mouse":*; do
	[ -e "$interface/driver" ] || echo "${interface##*/}" > /sys/bus/usb/drivers/usbhid/bind
done
