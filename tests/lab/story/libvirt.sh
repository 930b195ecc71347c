# SPDX-License-Identifier: GPL-2.0-or-later
#
# libvirtd on the lab host and a domain of its own making, web1, with the same guest inside
# and the same room for what comes: guest.sh speaks to its serial port.

libvirt_folder=/run/libvirt-lab
export LIBVIRT_DEFAULT_URI=qemu:///system

# No systemd, no security driver, no cgroups of its own; nothing of the configuration that
# the machine may have.
start_libvirtd()
{
	mkdir -p "$libvirt_folder" /etc/libvirt /var/lib/libvirt /var/cache/libvirt \
		/var/log/libvirt/qemu
	cat > /etc/libvirt/qemu.conf <<-'END'
		user = "root"
		group = "root"
		namespaces = []
		cgroup_controllers = []
		seccomp_sandbox = 0
		security_driver = "none"
		stdio_handler = "file"
	END
	cat > "$libvirt_folder/libvirtd.conf" <<-'END'
		auth_unix_ro = "none"
		auth_unix_rw = "none"
	END
	# Debian's default, wanted even by those who say otherwise.
	id libvirt-qemu >/dev/null 2>&1 ||
		useradd --system --no-create-home --user-group libvirt-qemu
	libvirtd --config "$libvirt_folder/libvirtd.conf" > "$libvirt_folder/log" 2>&1 &
	libvirtd_id=$!
	until_true 60 virsh --quiet list >/dev/null 2>&1
}

# The domain's XML: web1, of KVM where there is one.
domain_xml()
{
	local kernel=$lab_modules/../.. type=qemu port
	[ "$(guest_accelerator)" != kvm ] || type=kvm
	cat <<-END
		<domain type='$type'>
		  <name>web1</name>
		  <maxMemory slots='4' unit='MiB'>4096</maxMemory>
		  <memory unit='MiB'>512</memory>
		  <vcpu placement='static' current='1'>4</vcpu>
		  <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>
		  <os>
		    <type arch='x86_64' machine='q35'>hvm</type>
		    <kernel>$(realpath "$kernel/image")</kernel>
		    <initrd>$(realpath "$kernel/guest-initramfs")</initrd>
		    <cmdline>console=ttyS0 quiet panic=-1 no_timer_check nosoftlockup</cmdline>
		  </os>
		  <features><acpi/><apic/></features>
		  <cpu mode='custom' match='exact' check='none'>
		    <model fallback='allow'>qemu64</model>
		    <numa><cell id='0' cpus='0-3' memory='512' unit='MiB'/></numa>
		  </cpu>
		  <on_reboot>destroy</on_reboot>
		  <devices>
		    <emulator>$(command -v qemu-system-x86_64)</emulator>
		    $(for port in 1 2 3 4 5 6; do
			printf "<controller type='pci' index='%d' model='pcie-root-port'/>" "$port"
		    done)
		    <controller type='usb' model='qemu-xhci'/>
		    <serial type='unix'><source mode='bind' path='$guest_folder/serial'/></serial>
		    <memballoon model='none'/>
		  </devices>
		</domain>
	END
}

start_domain()
{
	domain_xml > "$libvirt_folder/web1.xml"
	host "virt-xml-validate $libvirt_folder/web1.xml domain"
	host "virsh create $libvirt_folder/web1.xml" && connect serial
}

end_libvirtd()
{
	virsh --quiet destroy web1 || true
	kill "$libvirtd_id" 2>/dev/null || true
}

# valid_device FILE: by the schema that libvirt has for a domain with it.
valid_device()
{
	sed '/<memballoon/Q' "$libvirt_folder/web1.xml" > "$libvirt_folder/with.xml"
	{ cat "$1"; printf '</devices></domain>\n'; } >> "$libvirt_folder/with.xml"
	virt-xml-validate "$libvirt_folder/with.xml" domain
}
