// What lighthouse says of a list and of a record, as a desktop and as a telephone: at least 98 of 100
// in each of three categories. A command of its own, as its marks of speed depend on the machine.

import { leave, take, theDemo } from './harness/room.mjs';
import { chromium, chromiumFlags, chromiumPath, load } from './harness/tools.mjs';
import { freePort } from './harness/server.mjs';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const LEAST = 98;

const { default: lighthouse, desktopConfig } = await load('lighthouse/core/index.js');

/** The marks of a page, and what lowered them. */
async function marks(url, port, config, cookie) {
    const flags = { port, onlyCategories: CATEGORIES, logLevel: 'error', extraHeaders: { Cookie: cookie }, disableStorageReset: true };
    const { lhr } = await lighthouse(url, flags, config);
    const faults = Object.values(lhr.audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== 'informative');
    const given = CATEGORIES.map((name) => [name, Math.round(lhr.categories[name].score * 100)]);
    return { given, faults: faults.map(({ id, displayValue }) => `${id} ${displayValue ?? ''}`.trim()) };
}

let poor = 0;
try {
    const server = await theDemo();
    const desk = await take({});
    const cookie = `${desk.api.cookie.name}=${desk.api.cookie.value}`;
    await desk.close();
    const port = await freePort();
    const browser = await chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags, `--remote-debugging-port=${port}`] });
    for (const path of ['/admin/book', '/admin/book/1', '/admin']) {
        for (const [device, config] of [['desktop', desktopConfig], ['telephone', undefined]]) {
            const { given, faults } = await marks(server.address + path, port, config, cookie);
            poor += given.filter(([, mark]) => mark < LEAST).length;
            console.log(`${path} ${device}: ${given.map((pair) => pair.join(' ')).join(', ')}${faults.length ? ` (${faults.join('; ')})` : ''}`);
        }
    }
    await browser.close();
} finally {
    await leave();
}
process.exitCode = poor > 0 ? 1 : 0;
