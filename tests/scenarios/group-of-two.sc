# SPDX-License-Identifier: GPL-2.0-or-later
#
# A group goes as a whole or not at all. Two functions share one: the first alone is
# refused, with the other named; it goes with consent, by name or to the whole group.
# usual-kernel: 6.12

snapshot before
refuses 3 hide "$pair0"
err_has "$pair1"
refuses 3 hide "$pair1"
err_has "$pair0"

had0=$(identities "$pair0")
had1=$(identities "$pair1")
run 0 hide "$pair0" --with "$pair1"
hidden "$pair0" "$pair1"
run 0 return "$pair0" "$pair1"
unchanged before

run 0 hide --group "$pair1"
hidden "$pair0" "$pair1"
run 0 return "$pair0"
driver "$pair0" nvme
hidden "$pair1"
run 0 return "$pair1"
unchanged before
below "$pair0" "$had0"
below "$pair1" "$had1"
