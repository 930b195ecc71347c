# SPDX-License-Identifier: GPL-2.0-or-later
# machine: powerswitch
#
# Firmware that can cut the power of a slot, told by its ACPI tables: check says so of the
# card in it, and of no other. A note keeps nobody from it.
# usual-kernel: 6.12

refuses 0 check "$nic1"
out_has D3cold
out_has "hide --power on"
refuses 0 check "$nic2"
out_lacks D3cold
run 0 hide "$nic1" "$nic2"
hidden "$nic1" "$nic2"
