# SPDX-License-Identifier: GPL-2.0-or-later
# usual-kernel: 6.12
#
# devices.d and apply: what differs is said and done, twice is once; what is refused keeps
# nothing else; half a configuration does nothing. hide --persist and return --persist write it.
# timeout: 300

conf=$ROOT/etc/vfioprep/devices.d
at_end rm -rf "$ROOT/etc/vfioprep"
mkdir -p "$conf"
chmod 755 "$ROOT/etc/vfioprep" "$conf"

ids_of()
{
	printf '%s:%s' "$(cut -c3- "$pci_devices/$1/vendor")" "$(cut -c3- "$pci_devices/$1/device")"
}

# section DEV [LINE...]: to be written into a file.
section()
{
	printf '[%s]\nexpect=%s\n' "$1" "$(ids_of "$1")"
	shift
	[ $# = 0 ] || printf '%s\n' "$@"
}

snapshot before

# Nothing is configured.
run 0 apply
out_is
run 0 apply --check
run 3 apply "$nic1"
err_has "not configured"
run 2 apply --force nonsense
err_has "--force=nonsense: makes no sense"

# One of two that are alike: the address tells them apart.
[ "$(ids_of "$nic1")" = "$(ids_of "$nic2")" ]
was1=$(driver_of "$nic1")
section "$nic1" > "$conf/nics.conf"
refuses 3 apply --check
out_is "$nic1: driver $was1 -> vfio-pci"
run 0 apply --dry-run
out_has "$nic1/driver_override"
unchanged before
run 0 apply
out_is "$nic1: driver $was1 -> vfio-pci" "Unbinding $nic1 from $was1" "Binding $nic1 to vfio-pci"
hidden "$nic1"
driver "$nic2" "$was1"

# Twice is once: nothing is said, no file is touched.
snapshot applied
touch "$scenario_notes/then"
run 0 apply
out_is
err_lines 0
run 0 apply --check
out_is
unchanged applied
[ -z "$(find "$ROOT/run/vfioprep/records" "$ROOT/etc/vfioprep" -newer "$scenario_notes/then")" ] ||
	fail "apply has touched files"
run 0 apply --json
out_has '"changed": false'
out_has '"conforms": true'

# Given back by hand it differs again; --persist takes it out of the configuration.
run 0 return "$nic1"
run 3 apply --check --json
out_has "driver $was1 -> vfio-pci"
run 0 apply "$nic1"
hidden "$nic1"
run 0 return --persist "$nic1"
[ ! -e "$conf/nics.conf" ] || fail "nics.conf is still there"
run 0 apply --check
unchanged before

# A value that only the plan can judge.
section "$nic1" node-owner=nosuch > "$conf/nics.conf"
run 2 apply --check
err_has "/etc/vfioprep/devices.d/nics.conf:1: $nic1: node-owner=nosuch: makes no sense"
run 2 apply --check --json
out_has '"text": "/etc/vfioprep/devices.d/nics.conf:1: '
section "$nic2" >> "$conf/nics.conf"
run 2 apply --json
out_has '"text": "/etc/vfioprep/devices.d/nics.conf:1: '
run 2 apply
out_is
err_lines 1
unchanged before
run 2 apply --early x
err_has "x: it is not the address"
rm "$conf/nics.conf"

# A group whose members are all configured is one transaction.
{ section "$pair0"; section "$pair1"; } > "$conf/pair.conf"
run 3 apply --check
out_lines 2
run 0 apply "$pair1"
hidden "$pair0" "$pair1"
run 0 apply --check
run 0 return "$pair0" "$pair1"

# One of them alone is refused, and with consent takes the other along.
section "$pair0" > "$conf/pair.conf"
refuses 3 apply
err_has "$pair1"
section "$pair0" group=yes > "$conf/pair.conf"
run 0 apply
hidden "$pair0" "$pair1"
run 0 apply --check
run 0 return "$pair0" "$pair1"

# What is refused keeps nothing else: a device that is not there, and one that is another.
{ section "$nic1"; printf '[0000:7f:00.0]\nexpect=8086:10d3\n[%s]\nexpect=8086:ffff\n' "$nic2"; } \
	> "$conf/pair.conf"
run 3 apply
err_has 0000:7f:00.0
err_has "not 8086:ffff as expected"
hidden "$nic1"
driver "$nic2" "$was1"
run 3 apply --check
run 3 apply 7f:00.0
run 0 apply "$nic1"
run 0 return "$nic1"
unchanged before

# What is not there any more can be taken out of the configuration all the same.
printf '[0000:7f:00.0]\nexpect=8086:10d3\n' > "$conf/pair.conf"
run 3 return 7f:00.0
run 0 return --persist 7f:00.0
[ ! -e "$conf/pair.conf" ] || fail "pair.conf is still there"

# What is half understood is not acted upon.
{ section "$nic1"; section "$nic2" drivr=vfio-pci; } > "$conf/pair.conf"
refuses 2 apply
err_has "pair.conf:5: there is no key drivr"
refuses 2 apply --check
out_has "$nic1: driver"
section "$nic1" > "$conf/pair.conf"
chmod 666 "$conf/pair.conf"
refuses 2 apply
err_has "not believed"
rm "$conf/pair.conf"

# hide --persist: the file is as people write it, and nothing is written twice.
run 0 hide --persist --for web1 "$nic1"
hidden "$nic1"
grep -qx "\[$nic1\]" "$conf/$nic1.conf"
grep -qx "expect=$(ids_of "$nic1")" "$conf/$nic1.conf"
grep -qx "for=web1" "$conf/$nic1.conf"
run 0 apply --check
touch -d '2020-01-01' "$conf/$nic1.conf"
run 0 hide --persist --for web1 "$nic1"
[ "$conf/$nic1.conf" -ot "$scenario_notes/then" ] || fail "it was written again"
run 0 return --persist --for web1 "$nic1"
[ -z "$(ls -A "$conf")" ] || fail "something is left: $(ls -A "$conf")"

# A refusal writes nothing, and a script says all of it.
refuses 3 hide --persist "$pair0"
[ -z "$(ls -A "$conf")" ] || fail "something is left: $(ls -A "$conf")"
run 0 hide --persist --dry-run "$nic1"
out_has "> /etc/vfioprep/devices.d/$nic1.conf"
section "$nic1" > "$conf/it's; false.conf"
run 0 return --persist --dry-run "$nic1"
out_has "rm -f '/etc/vfioprep/devices.d/it'\\''s; false.conf'"
run 0 hide --persist --dry-run --for web1 "$nic1"
out_has "> '/etc/vfioprep/devices.d/it'\\''s; false.conf'"
rm "$conf/it's; false.conf"
# Several at once: what is kept is what was done.
for i in 1 2 3 4; do
	vfioprep hide --persist --for "g$i" "$nic1" > /dev/null 2>&1 &
done
wait
kept=$(sed -n 's/^for=//p' "$conf/$nic1.conf")
run 0 status
out_has "$kept"
[ "$(ls -A "$conf")" = "$nic1.conf" ] || fail "something is left: $(ls -A "$conf")"
run 0 return --persist --for "$kept" "$nic1"
run 0 hide --persist "$pair0" --with "$pair1"
[ -e "$conf/$pair0.conf" ] && [ -e "$conf/$pair1.conf" ]
run 0 return --persist "$pair0" "$pair1"

# What people have written stays theirs.
{ echo '# mine'; section "$nic1"; } > "$conf/mine.conf"
run 0 hide --persist "$nic1"
refuses 3 hide --persist --power=on "$nic1"
err_has "mine.conf:2"
refuses 3 return --persist "$nic1"
err_has "mine.conf:2"
run 0 return "$nic1"
err_has "configured"
unchanged before
