# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hook, called as libvirtd calls it: hidden before the start, claimed for the guest's UUID,
# back after the end; what libvirt manages, and what was hidden before, is only looked at.
# timeout: 300

one=11111111-2222-3333-4444-555555555555
two=22222222-2222-3333-4444-555555555555
xml=$scenario_notes/xml

claimed()
{
	run 0 status
	out_has "$1"
}

# What the guest has, in each way in which it can have it.
network="<interface type='hostdev'><source>$(xml_address "$nic2")</source></interface>"
disk="<disk type='nvme' device='disk'><source type='pci' managed='no' namespace='1'>$(
	xml_address "$nvme")</source><target dev='vda'/></disk>"
snapshot before
all="$(hostdev "$nic1") $network $disk"
hook 0 $one prepare begin "$all"
hidden "$nic1" "$nic2" "$nvme"
claimed $one
snapshot hidden
hook 0 $one prepare begin "$all"
for operation in "start begin" "started begin" "stopped end" "migrate begin" "restore begin" \
	"attach begin" "reconnect begin" "later begin"; do
	# shellcheck disable=SC2086 # two words
	hook 0 $one $operation "$all"
	unchanged hidden
done

# Another guest that wants one of them gets nothing, and takes nothing away.
hook 3 $two prepare begin "$(hostdev "$nic3") $(hostdev "$nic1")"
err_has "$nic1: it is claimed for $one"
err_has "claimed by vfioprep-hook (web1)"
unchanged hidden
hook 0 $two release end ""
unchanged hidden
hook 0 $one release end ""
unchanged before
hook 0 $one release end ""

# What libvirt manages is looked at.
hook 0 $one prepare begin "$(hostdev "$nic1" "managed='yes'") $(hostdev "$nic2" "managed='no'")"
driver "$nic1" e1000e
record "$nic1" no
hidden "$nic2"
hook 0 $one release end ""
hook 3 $one prepare begin "$(hostdev "$pair0" "managed='yes'")"
err_has "$pair1"
err_has "in /etc/vfioprep/hook.conf group=yes takes"
hook 0 $one prepare begin "$(hostdev "$pair0" "managed='yes'") $(hostdev "$pair1")"
record "$pair0" no
hidden "$pair1"
hook 0 $one release end ""
unchanged before

# What was hidden before, for nobody, stays so; for somebody, it is his.
run 0 hide "$nic1"
run 0 hide "$nic4" --for somebody
hook 3 $one prepare begin "$(hostdev "$nic1") $(hostdev "$nic4")"
err_has "$nic4: it is claimed for somebody"
hook 0 $one prepare begin "$(hostdev "$nic1") $(hostdev "$nic2")"
hidden "$nic2"
claimed $one
hook 0 $one release end ""
driver "$nic2" e1000e
hidden "$nic1" "$nic4"

# By the name of the guest it is its own, and stays hidden.
run 0 hide "$nic2" --for web1
hook 0 $one prepare begin "$(hostdev "$nic2") $(hostdev "$nic3")"
hidden "$nic3"
hook 0 $one release end ""
driver "$nic3" e1000e
hidden "$nic2"
run 0 return "$nic2" --for web1

# What is kept from everybody is no guest's.
run 0 hide "$nic2" --driver pci-stub
hook 3 $one prepare begin "$(hostdev "$nic2")"
err_has "$nic2: it is kept hidden with pci-stub"
hook 0 $one release end ""
driver "$nic2" pci-stub
run 0 return "$nic2"

# What is open elsewhere keeps the guest from starting.
if [ -z "$ROOT" ]; then
	hold_group "$nic1"
	hook 4 $one prepare begin "$(hostdev "$nic1") $(hostdev "$nic2")"
	err_has "it is open in"
	driver "$nic2" e1000e
	let_go
fi
run 0 return "$nic1" "$nic4"
unchanged before

# A guest that runs is never ended by us.
hook 0 $one reconnect begin "$(hostdev "$nic1")"
err_has "$nic1: the guest has it, but it is bound to e1000e"
hook 0 $one reconnect begin "$(hostdev 0000:77:00.0)"
echo "<domain>" > "$xml"
input=$xml run 0 hook web1 reconnect begin -
input=$xml run 2 hook web1 prepare begin -
err_has "standard input: line"
input=$xml run 0 hook web1 started begin -
hook 3 $one prepare begin "$(hostdev 0000:77:00.0)"
err_has "0000:77:00.0: no such device"
unchanged before

# To try it.
echo "<domain><uuid>$one</uuid><devices>$(hostdev "$nic1")</devices></domain>" > "$xml"
input=$xml run 0 hook --dry-run web1 prepare begin -
out_has "$nic1"
unchanged before
