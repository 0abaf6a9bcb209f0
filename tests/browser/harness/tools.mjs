// What the suite takes from outside of the clone: the npm packages, which tests/tools/install.sh
// keeps in a folder of their own, Debian's Chromium, and the binary under test.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

function wanted(name) {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set; start this with tests/tools/browser.sh`);
    return value;
}

/** The folder with node_modules. */
export const packages = wanted('QUARTERDECK_BROWSER_ENV');

/** The program that is tested. */
export const binary = wanted('QUARTERDECK_BROWSER_BINARY');

/** The examples' programs, and a database of Chinook; empty where there is none. */
export const extremes = process.env.QUARTERDECK_BROWSER_EXTREMES ?? '';
export const chinook = process.env.QUARTERDECK_BROWSER_CHINOOK ?? '';
export const chinookDatabase = process.env.QUARTERDECK_BROWSER_CHINOOK_DATABASE ?? '';

/** Chromium's program. */
export const chromiumPath = wanted('QUARTERDECK_BROWSER_CHROMIUM');

/** Where pictures of failed tests go. */
export const failures = wanted('QUARTERDECK_BROWSER_FAILURES');

const require = createRequire(join(packages, 'package.json'));

export const { chromium } = require('playwright-core');

/** The script of axe, to be run within a page. */
export const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** A package that can only be imported. */
export function load(path) {
    return import(pathToFileURL(join(packages, 'node_modules', path)));
}

/** Chromium's own sandbox refuses to run as root. */
export const chromiumFlags = process.getuid() === 0 ? ['--no-sandbox'] : [];
