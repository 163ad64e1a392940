#!/usr/bin/env bash
# Installs code-server 4.100.3 (VS Code 1.100.3, the newest for Node 20) from the npm registry alone, for the end-to-end test.
# Needs Node 20 with its headers, a C++ compiler, make and python3. Usage: install-code-server.sh PREFIX
#
# The package's own post-install fetches prebuilt modules from other hosts. Here each step is run by hand instead: sources are
# compiled against the Node at hand, and ripgrep comes as a package of its own.
set -euo pipefail

readonly VERSION=4.100.3 RIPGREP=1.18.0
prefix=$(mkdir -p "${1:?usage: install-code-server.sh PREFIX}" && cd "$1" && pwd)
done_mark=$prefix/.complete-$VERSION
if [[ -e $done_mark ]]; then
    exit 0
fi

# `yes`: node-pty builds by way of npx, which would ask. `nodedir`: headers that are here need no download.
export npm_config_yes=true npm_config_audit=false npm_config_fund=false
include=$(node -p 'path.dirname(path.dirname(process.execPath))')
if [[ -e $include/include/node/node.h ]]; then
    export npm_config_nodedir=$include
fi

cd "$prefix"
echo '{ "private": true }' >package.json
npm install --ignore-scripts --no-save "code-server@$VERSION" "@vscode/ripgrep-linux-$(node -p process.arch)@$RIPGREP"
npm rebuild argon2

workbench=$prefix/node_modules/code-server/lib/vscode
cd "$workbench"
npm install --omit=dev --ignore-scripts
mkdir -p node_modules/@vscode/ripgrep/bin
cp "$prefix"/node_modules/@vscode/ripgrep-linux-*/bin/rg node_modules/@vscode/ripgrep/bin/rg
# kerberos is left unbuilt: it is loaded only for a proxy that asks for it, and its build wants system libraries.
npm rebuild node-pty @vscode/spdlog @parcel/watcher native-watchdog
ln -sfn node_modules node_modules.asar
ln -sf code-linux.sh bin/remote-cli/code-server
ln -sf browser-linux.sh bin/helpers/browser.sh
(cd extensions && npm install --omit=dev --ignore-scripts)

touch "$done_mark"
