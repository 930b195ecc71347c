# SPDX-License-Identifier: GPL-2.0-or-later
#
# Eight network cards, beside a program that makes nothing but the necessary writes, one
# device after another. It only prints: a test must not depend on the clock.
# long: figures, not a test
# timeout: 300

nics=("$nic1" "$nic2" "$nic3" "$nic4" "$nic5" "$nic6" "$nic7" "$nic8")
floor=$checkout/build/lab/floor

# milliseconds COMMAND...
milliseconds()
{
	local begin end
	udevadm settle # what was bound before is still being named
	begin=$(date +%s%N)
	"$@" >/dev/null
	end=$(date +%s%N)
	printf '%s' $(((end - begin) / 1000000))
}

vfioprep hide "$nic1" >/dev/null
vfioprep return "$nic1" >/dev/null

for round in 1 2 3; do
	a=$(milliseconds "$floor" vfio-pci keep "${nics[@]}")
	b=$(milliseconds "$floor" e1000e - "${nics[@]}")
	c=$(milliseconds vfioprep hide "${nics[@]}")
	d=$(milliseconds vfioprep return "${nics[@]}")
	note "round $round: eight cards: hide $c ms, floor $a ms ($((c * 100 / a)) %);" \
		"return $d ms, floor $b ms ($((d * 100 / b)) %)"
	a=$(milliseconds "$floor" vfio-pci keep "$nic1")
	b=$(milliseconds "$floor" e1000e - "$nic1")
	c=$(milliseconds vfioprep hide "$nic1")
	d=$(milliseconds vfioprep return "$nic1")
	note "round $round: one card: hide $c ms, floor $a ms; return $d ms, floor $b ms;" \
		"a process that does nothing $(milliseconds /usr/bin/true) ms," \
		"vfioprep hide --version $(milliseconds vfioprep hide --version) ms"
done
