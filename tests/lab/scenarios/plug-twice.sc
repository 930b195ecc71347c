# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same words twice succeed twice, what is not the same under an id is refused, two at
# once do not take the same port, and what a guest lets go of later leaves nothing behind.
# A QEMU without a guest system: it lets go when it is reset.
# usual-kernel: 6.1

cd "$scenario_folder" || exit
truncate -s 16M one.raw other.raw
ports=()
for port in 1 2 3 4 5; do
	ports+=(-device "pcie-root-port,id=rp$port,chassis=$port,slot=$port")
done
qemu-system-x86_64 -M q35 -accel tcg -m 256,slots=4,maxmem=2G -smp 1,maxcpus=4 -S \
	-nodefaults -display none "${ports[@]}" -qmp unix:qmp,server=on,wait=off \
	-qmp unix:qmp2,server=on,wait=off -daemonize -pidfile pid
at_end kill "$(<pid)"

# monitor COMMAND...: what the second monitor answers to them.
monitor()
{
	local command
	{
		printf '{"execute": "qmp_capabilities"}\n'
		for command; do
			printf '{"execute": "%s"}\n' "$command"
		done
		sleep 1
	} | socat -t 5 - UNIX:qmp2
}

# bus_of ID: where in QEMU's tree that device sits.
bus_of()
{
	printf '%s\n' '{"execute": "qmp_capabilities"}' "{\"execute\": \"qom-get\", \"arguments\": {
		\"path\": \"/machine/peripheral/$1\", \"property\": \"parent_bus\"}}" |
		socat -t 5 - UNIX:qmp2 | grep -o '/machine/[^"]*'
}

note "the same"
run 0 plug disk one.raw --id disk --qmp qmp
out_is "Plugging disk as disk"
run 0 plug disk one.raw --id disk --qmp qmp
out_is ""

note "not the same"
run 3 plug disk other.raw --id disk --qmp qmp
err_has "its file is \"$scenario_folder/one.raw\""
run 0 plug memory 128M --id dimm --qmp qmp
run 3 plug memory 256M --id dimm --qmp qmp

note "two at once"
for name in one two; do
	vfioprep plug nic user --id "$name" --qmp "qmp${name#one}" > "$name.out" 2>&1 &
	[ "$name" != one ] || first=$!
	[ -e qmptwo ] || ln -s qmp2 qmptwo
done
wait "$first"
wait $!
[ "$(bus_of one)" != "$(bus_of two)" ]

note "asked without waiting; it goes by itself; the rest goes with the next unplug"
run 5 unplug disk --qmp qmp --wait 0
monitor query-named-block-nodes > nodes
grep -q disk-backend nodes
monitor system_reset cont > /dev/null
run 0 unplug disk --qmp qmp
monitor query-named-block-nodes > nodes
! grep -q disk-backend nodes
run 3 unplug disk --qmp qmp
err_has "nothing in the guest has the id disk"
