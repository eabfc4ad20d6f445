# SPDX-License-Identifier: MIT
# Sourced by start, test, check and bench with the checkout as working folder: installs the locked npm packages (Node 24 among them)
# unless the very same lock is installed already. One set-up at a time in one checkout.
exec 9<setup
if ! flock -n 9; then
	echo 'Another set-up runs in this checkout: waiting for it.' >&2
	flock 9
fi
if ! cmp -s package-lock.json node_modules/.abide-installed || ! [ -x node_modules/.bin/node ]; then
	command -v npm >/dev/null || {
		echo 'Set-up stopped: npm is not installed.' >&2
		echo 'What to do: install Node 20 or newer with npm (Debian: apt-get install nodejs npm)' >&2
		exit 1
	}
	echo 'Installing the locked npm packages…' >&2
	npm ci --no-progress --loglevel=error >&2 || {
		echo 'Set-up stopped: npm ci failed, as it says above.' >&2
		echo 'What to do: check the network and the disk, then run the same command again' >&2
		exit 1
	}
	[ -x node_modules/.bin/node ] || {
		echo "Set-up stopped: the npm packages brought no Node for $(uname -s) $(uname -m)." >&2
		echo 'What to do: run Abide on Linux on x86-64' >&2
		exit 1
	}
	cp package-lock.json node_modules/.abide-installed
fi
PATH=$PWD/node_modules/.bin:$PATH
