# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab host is a guest of QEMU: the doctor looks at it as one, and the rules that it prints
# turn on a processor and a piece of memory by a real udev.
# usual-kernel: 6.12

run 3 doctor --guest
out_has "slots"
out_has "no processor can be added"
out_has "stay offline, unused: no rule of udev"
out_lacks "could not be looked at"
out_lacks "built without"

# The remedy, as it stands there.
remedy=$(sed -n 's/^ *\(vfioprep doctor --guest --udev-rules .*\)/\1/p' "$out")
[ -n "$remedy" ] || fail "no rules are offered"
at_end rm -f /etc/udev/rules.d/80-hotplug-online.rules
mkdir -p /etc/udev/rules.d
sh -c "$remedy"
[ "$(wc -l < /etc/udev/rules.d/80-hotplug-online.rules)" -ge 2 ] || fail "no rules"
run 0 doctor --guest --udev-rules
cmp "$out" /etc/udev/rules.d/80-hotplug-online.rules

kwrite /sys/devices/system/memory/auto_online_blocks offline
run 0 doctor --guest
out_has "turned on by /etc/udev/rules.d/80-hotplug-online.rules"

cpu=/sys/devices/system/cpu/cpu1
kwrite "$cpu/online" 0
at_end sh -c "echo 1 > $cpu/online 2>/dev/null || :"
udevadm trigger --action=add "$cpu"
online() { [ "$(cat "$cpu/online")" = 1 ]; }
await 20 online

# The last block of memory that can be taken.
for block in $(ls -d /sys/devices/system/memory/memory* | sort -rV); do
	if echo offline > "$block/state" 2>/dev/null; then break; fi
done
[ "$(cat "$block/state")" = offline ] || fail "no memory goes offline"
udevadm trigger --action=add "$block"
used() { [ "$(cat "$block/state")" = online ]; }
await 20 used

rm /etc/udev/rules.d/80-hotplug-online.rules
run 3 doctor --guest
out_has "memory that is plugged stays offline"
# Its remedy, for now.
sh -c "$(sed -n 's/^ *\(echo online_movable .*\)/\1/p' "$out")"
run 3 doctor --guest
out_has "can be taken again"
kwrite /sys/devices/system/memory/auto_online_blocks online
