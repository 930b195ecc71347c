// SPDX-License-Identifier: GPL-2.0-or-later
//
// A switch for the power of the slot below the first root port of a lab machine (00:02.0):
// what firmware of laptops has for graphics cards. On for D0 and D3hot, so off is D3cold.

DefinitionBlock ("", "SSDT", 2, "VFPREP", "SWITCH", 1)
{
	External (\_SB.PCI0.S10, DeviceObj)

	Scope (\_SB.PCI0.S10)
	{
		Name (STAT, One)

		PowerResource (SLOT, 0, 0)
		{
			Method (_STA) { Return (STAT) }
			Method (_ON, 0, Serialized) { STAT = One }
			Method (_OFF, 0, Serialized) { STAT = Zero }
		}

		Name (_PR0, Package () { SLOT })
		Name (_PR3, Package () { SLOT })
	}
}
