# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest's memory counts as locked by who starts it. What check says of a guest of 64 MiB
# is what becomes of one, with the limits that limits.conf(5) gives a user.
# usual-kernel: 6.12

config=/etc/security/limits.d/lab-scenario.conf
mkdir -p "${config%/*}"
at_end rm -f "$config"

# may_lock MIB: what a login of nobody may lock, and the guests that follow.
may_lock()
{
	echo "nobody - memlock $(($1 * 1024))" > "$config"
	guest_under=(prlimit "--memlock=$(($1 << 20)):$(($1 << 20))"
		setpriv --reuid nobody --regid nogroup --clear-groups)
}

run 0 hide --node-owner nobody "$nic1"
chmod 666 /dev/vfio/vfio
chmod 777 "$scenario_folder"

may_lock 32
refuses 3 check --ram 64M --user nobody "$nic1"
out_has "a guest with 64 MiB locks all of it, and nobody may lock 32 MiB"
out_has 'put `nobody - memlock 1114112` into /etc/security/limits.d/'
guest_refused "Cannot allocate memory" "$nic1"
kernel_said "RLIMIT_MEMLOCK (33554432) exceeded"

# Without lines of its own a login gets what the first process has.
rm "$config"
refuses 3 check --ram 64M --user nobody "$nic1"
out_has "nobody may lock 8 MiB"

# As the remedy has it.
may_lock 1088
refuses 0 check --ram 64M --user nobody "$nic1"
out_lacks memory
guest_takes "$nic1"
guest_ends

# What is barely enough may or may not do.
may_lock 80
refuses 0 check --ram 64M --user nobody "$nic1"
out_has "may be too little"
guest_takes "$nic1"
guest_ends

# Root locks what it likes; whoever asks without a name is meant himself.
refuses 0 check --ram 64M --user root "$nic1"
out_lacks memory
prlimit --memlock=8388608:8388608 -- "$(command -v vfioprep)" check --ram 64M "$nic1"
status=0
prlimit --memlock=8388608:8388608 setpriv --reuid nobody --regid nogroup --clear-groups \
	vfioprep check --ram 64M "$nic1" > "$scenario_folder/own" || status=$?
[ "$status" = 3 ]
grep -q "you may lock 8 MiB" "$scenario_folder/own"
guest_under=()
run 0 return "$nic1"
