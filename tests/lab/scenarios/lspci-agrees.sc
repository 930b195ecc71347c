# SPDX-License-Identifier: GPL-2.0-or-later
#
# List and lspci tell the same of every device: address, ids, driver; before and after
# devices are hidden.
# usual-kernel: 6.12

by_lspci()
{
	lspci -Dnk | awk '
		/^[0-9a-f]/ { if (address) print address, ids, driver
			address = $1; ids = $3; driver = "" }
		/Kernel driver in use:/ { driver = $NF }
		END { print address, ids, driver }'
}

agrees()
{
	run 0 list --raw --noheadings -o ADDRESS,IDS,DRIVER
	diff -u --ignore-trailing-space <(by_lspci) "$out" || fail "lspci says otherwise"
}

agrees
run 0 hide "$nic1" "$nvme" "$bare"
agrees
run 0 return "$nic1" "$nvme" "$bare"
agrees
