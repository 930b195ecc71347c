# SPDX-License-Identifier: GPL-2.0-or-later
#
# One transaction: a refused device among those named, wherever it stands and whatever the
# reason, means that none is touched.

snapshot before
refuses 3 hide "$nic1" "$bridge" "$nic2"
refuses 3 hide "$pair0" "$nic1" "$nvme"
refuses 3 hide "$nic1" "$triple0" "$triple1"
refuses 3 hide "$nic1" 0000:fe:1f.7
refuses 2 hide "$nic1" "$nic2" nonsense/
run 0 hide "$nic2" --for web1
snapshot before
refuses 3 hide "$nic1" "$nic2" --for web2
record "$nic1" no
