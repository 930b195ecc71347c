# SPDX-License-Identifier: GPL-2.0-or-later
# machine: xen
# usual-kernel: 6.1
# timeout: 600
#
# A network card for a guest of Xen: the words for xl are printed, and run, and the guest works
# with the card; then it leaves, and the host has it again. xl takes it from its driver by
# itself, so that nothing is hidden.

# shellcheck source=/dev/null
. "$lab_dir/inside/xen.sh"

snapshot before
xen_host
xen_guest web1

# in_guest yes|no: whether xl says that it has the card.
in_guest()
{
	local found=no
	! xl pci-list web1 | grep -q -F "$nic1" || found=yes
	[ "$found" = "$1" ] || fail "the guest has it: $found, expected $1"
}

note "printed, and run by hand"
run 0 plug --to xl --domain web1 "$nic1"
out_is "xl pci-assignable-add $nic1 &&" "xl pci-attach web1 $nic1"
unchanged before
bash -e "$out"
in_guest yes
await 60 guest_said 52:54:00:00:01:01
run 0 plug --detach --to xl --domain web1 "$nic1"
out_is "xl pci-detach web1 $nic1 &&" "xl pci-assignable-remove -r $nic1"
bash -e "$out"
in_guest no
unchanged before

note "run by plug and unplug"
run 0 plug --run --wait 150 --to xl --domain web1 "$nic1"
in_guest yes
driver "$nic1" pciback
await 60 guest_said 52:54:00:00:01:01 2
run 0 plug --run --wait 150 --to xl --domain web1 "$nic1"
run 0 unplug --run --wait 150 --to xl --domain web1 "$nic1"
in_guest no
driver "$nic1" e1000e
await 20 tried netdev "$nic1" 52:54:00:00:01:01
unchanged before

note "no such guest: the card is where it was"
run 5 plug --run --wait 150 --to xl --domain nobody "$nic1"
err_has nobody
unchanged before
