// What lighthouse says of a list and of a record, as a desktop and as a telephone: at least 98 of 100
// in each of three categories. A command of its own, as its marks of speed depend on the machine.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api } from './harness/api.mjs';
import { leave, theDemo } from './harness/room.mjs';
import { freePort } from './harness/server.mjs';
import { chromium, chromiumFlags, chromiumPath, load } from './harness/tools.mjs';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const LEAST = 98;

const { default: lighthouse, desktopConfig } = await load('lighthouse/core/index.js');

/** What a fault is, and where the first of its places are. */
function told({ id, displayValue, details }) {
    const places = (details?.items ?? []).map(({ node }) => node?.selector).filter(Boolean);
    return [id, displayValue, ...places.slice(0, 3)].filter(Boolean).join(' ');
}

/** The marks of a page, and what lowered them. */
async function marks(url, port, config) {
    const flags = { port, onlyCategories: CATEGORIES, logLevel: 'error', disableStorageReset: true };
    const { lhr } = await lighthouse(url, flags, config);
    const faults = Object.values(lhr.audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== 'informative');
    if (lhr.finalDisplayedUrl !== url) throw new Error(`${url} led to ${lhr.finalDisplayedUrl}`);
    const given = CATEGORIES.map((name) => [name, Math.round(lhr.categories[name].score * 100)]);
    return { given, faults: faults.map(told) };
}

let poor = 0;
let profile;
try {
    const server = await theDemo();
    const { cookie } = await Api.of(server, 'administrator');
    const port = await freePort();
    // A profile of its own: lighthouse opens its pages in the browser's first context.
    profile = mkdtempSync(join(tmpdir(), 'quarterdeck-lighthouse-'));
    const browser = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath, args: [...chromiumFlags, `--remote-debugging-port=${port}`] });
    await browser.addCookies([cookie]);
    for (const path of ['/admin/book', '/admin/book/1', '/admin']) {
        for (const [device, config] of [['desktop', desktopConfig], ['telephone', undefined]]) {
            const { given, faults } = await marks(server.address + path, port, config);
            poor += given.filter(([, mark]) => mark < LEAST).length;
            console.log(`${path} ${device}: ${given.map((pair) => pair.join(' ')).join(', ')}${faults.length ? ` (${faults.join('; ')})` : ''}`);
        }
    }
    await browser.close();
} finally {
    await leave();
    if (profile) rmSync(profile, { recursive: true, force: true });
}
process.exitCode = poor > 0 ? 1 : 0;
