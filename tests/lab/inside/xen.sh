# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for scenarios on the machine xen, which is the first domain of that hypervisor. They
# are read by those scenarios themselves.

xen_packages=$checkout/build/lab/packages
xen_folder=$xen_packages/xen-utils-4.17/usr/lib/xen-4.17/bin

# Everything that a first domain runs: the store, itself in it, the consoles.
xen_host()
{
	modprobe -a xen_pciback xenfs xen_gntdev xen_gntalloc xen_evtchn xen_privcmd
	mountpoint -q /proc/xen || mount -t xenfs xenfs /proc/xen
	mkdir -p /run/xen /run/lab/xen /var/lib/xen /var/log/xen /var/lib/xenstored /etc/xen
	: > /etc/xen/xl.conf
	LD_LIBRARY_PATH=$(printf '%s:' "$xen_packages"/lib*/usr/lib/x86_64-linux-gnu)
	PATH=$xen_folder:$PATH
	export PATH LD_LIBRARY_PATH
	xenstored --pid-file /run/lab/xen/store.pid
	xen-init-dom0
	xenconsoled --pid-file=/run/lab/xen/console.pid --log=guest --log-dir=/run/lab/xen
}

# xen_guest NAME: paravirtualized, with the lab's kernel and the drivers for a network card. What
# it says on its console is in $guest_log.
xen_guest()
{
	guest_log=/run/lab/xen/guest-$1.log
	printf '%s\n' "name='$1'" "type='pv'" "kernel='${lab_modules%/lib/modules}/image'" \
		"ramdisk='${lab_modules%/lib/modules}/xen-guest-initramfs'" memory=256 vcpus=1 \
		"passthrough='enabled'" "extra='console=hvc0 guest_console=hvc0'" \
		> "$scenario_folder/$1.cfg"
	xl create -q "$scenario_folder/$1.cfg"
	at_end xl destroy "$1"
	await 60 guest_said 'guest ready'
}

# guest_said TEXT [TIMES]: on its console, by now.
guest_said()
{
	[ "$(grep -a -c -F -e "$1" "$guest_log")" -ge "${2:-1}" ]
}
