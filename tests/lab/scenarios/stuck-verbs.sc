# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two devices hang: one in its own driver's remove(), one that was unbound by hand while a
# guest has it. Every verb answers in time: about other devices, about all, about these.
#
# module: lab_stuck
# timeout: 240

limit=20
in_time()
{
	local status=$1 began took
	shift
	began=$(date +%s%N)
	if [ "$status" = any ]; then
		# What it thinks of the device is not what is asked here.
		status=0
		timeout "$limit" vfioprep "$@" >"$out" 2>"$err" </dev/null || status=$?
		case $status in 0 | 3 | 4 | 6) ;; *) fail "$*: status $status" ;; esac
	else
		run_under=(timeout "$limit")
		run "$status" "$@"
		run_under=()
	fi
	took=$((($(date +%s%N) - began) / 1000000))
	note "$took ms: $*"
}

load_stuck
modprobe vfio-pci
hang remove 1
run 6 hide --timeout 1 "$bare"
prepare_driver "$nic3" vfio-pci
guest_takes "$nic3"
printf %s "$nic3" > /sys/bus/pci/drivers/vfio-pci/unbind &
await 5 test ! -e "$pci_devices/$nic3/driver"

for verb in list "list --json" "list --tree" "list $nic1" "list $nic3" "list $bare" groups \
	"groups --explain" "groups --json" status "status --json" "check $nic1" "check $bare" \
	"plug $nic1" "plug $bare"; do
	# shellcheck disable=SC2086 # words
	in_time any $verb
done
in_time 0 status
out_has "$bare"
in_time any check "$nic3"
in_time 0 dump "$scenario_folder/dump"
in_time 0 list --sysroot "$scenario_folder/dump"
in_time 0 --complete hide ""
in_time 0 --complete return ""

in_time 0 hide --dry-run "$nic1"
in_time 0 hide "$nic1" "$sata"
in_time 0 return "$sata"
in_time 6 return --all
driver "$nic1" e1000e
in_time 6 recover
in_time 6 hide "$bare"
in_time 6 return "$bare"

guest_ends
hang remove 0
await 10 test -z "$(jobs -rp)"
wait
