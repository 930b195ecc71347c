#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Claims the configured devices before udev starts; dracut reads this into its own shell.

/usr/lib/vfioprep/early-claim
