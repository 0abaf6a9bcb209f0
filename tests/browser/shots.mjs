// Pictures of every kind of page, at three widths, in both themes: FOLDER/<theme>-<width>/<page>.png.
// The styles are those of the checkout, so that a change of a style sheet is seen without a build.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { walk } from './crawl/walk.mjs';
import { leave, take } from './harness/room.mjs';
import scenes, { places } from './scenes.mjs';

const sizes = [{ width: 1360, height: 860 }, { width: 768, height: 1024 }, { width: 360, height: 740 }];
const folder = process.argv[2];
// A second argument narrows it to the pages whose name has it, or to one scene.
const only = process.argv[3] ?? '';
const statics = new URL('../../static/', import.meta.url);

/** The names of the files that a joined asset is made of, from where they are embedded. */
function parts(asset) {
    const source = readFileSync(new URL('../../src/http/assets.rs', import.meta.url), 'utf8');
    const [, list] = new RegExp(`"${asset.replace('.', '\\.')}",\\s*"text/css[^"]*",\\s*([^)]*)\\)`).exec(source);
    return [...list.matchAll(/"([^"]+)"/g)].map(([, path]) => path);
}

async function freshStyles(page) {
    for (const asset of ['admin.css', 'account.css']) {
        const body = parts(asset).map((path) => readFileSync(new URL(path, statics), 'utf8')).join('');
        await page.context().route(`**/static/${asset}*`, (route) => route.fulfill({ contentType: 'text/css; charset=utf-8', body }));
    }
}

function nameOf({ pathname, search }) {
    const text = `${pathname}${search}`.replace(/^\/admin\/?/, '').replace(/cursor=[^&]*/, 'cursor');
    return text.replace(/[^\w.-]+/g, '_').slice(0, 60) || 'home';
}

async function shoot(page, url) {
    await picture(page, nameOf(new URL(url)));
}

async function picture(page, name) {
    if (!name.includes(only)) return;
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        for (const size of sizes) {
            await page.setViewportSize(size);
            const place = join(folder, `${colorScheme}-${size.width}`);
            mkdirSync(place, { recursive: true });
            await page.screenshot({ path: join(place, `${name}.png`) });
        }
    }
    await page.setViewportSize(sizes[0]);
}

// Models whose pages differ from one another; of all others one page of a kind would tell nothing new.
const DEMO = ['/admin', '/admin/book', '/admin/book?in_print=true&price__gte=10&sort=-price', '/admin/book?q=no+such+book', '/admin/book/1', '/admin/book/new', '/admin/unicorn'];

async function play(name, scene) {
    const { server: begin, ...options } = places[name] ?? {};
    const server = begin && (await begin());
    const desk = await take(server ? { ...options, server } : options);
    try {
        await freshStyles(desk.page);
        await scene(desk);
        await picture(desk.page, name);
    } finally {
        await desk.close();
        await server?.stop();
    }
}

try {
    for (const [name, scene] of Object.entries(scenes)) {
        if (!name.includes(only)) continue;
        // A picture that cannot be made is told, and does not keep the others from being made.
        await play(name, scene).catch((error) => {
            process.exitCode = 1;
            console.error(`${name}: ${error.message}`);
        });
    }
    if (!(only in scenes)) await walkAll();
} finally {
    await leave();
}

/** All that links lead to. */
async function walkAll() {
    const out = await take({ who: '' });
    await freshStyles(out.page);
    await out.open('/auth/login');
    await shoot(out.page, out.page.url());
    await out.close();
    const desk = await take({});
    await freshStyles(desk.page);
    for (const path of DEMO) {
        await desk.open(path);
        await shoot(desk.page, desk.page.url());
    }
    const visit = async (walker, { url }) => {
        await shoot(walker.page, url);
        return [];
    };
    await walk(desk, { begin: DEMO, most: 1, alone: true, visit });
}
