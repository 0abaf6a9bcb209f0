// A walk through the admin along its links, as far as there is anything new to see: one page of each
// kind for each model.

import { kindOf } from './kinds.mjs';

// Pages that differ by their query alone are looked at for this many models.
const MODELS_OF_A_QUERY = 2;

// Far more than there are; a walk that comes here goes in circles.
const MOST = 900;

/** What is still to be seen. */
class Way {
    constructor(models) {
        this.models = new Set(models);
        this.seen = new Set();
        this.counts = new Map();
        this.queue = [];
    }

    add(url) {
        const { pathname } = new URL(url);
        if (!/^\/(admin|auth)(\/|$)/.test(pathname) || pathname === '/auth/logout') return;
        const { kind, model } = kindOf(url, this.models);
        const name = `${kind} ${model}`;
        const count = this.counts.get(kind) ?? 0;
        if (this.seen.has(name) || (kind.includes('?') && count >= MODELS_OF_A_QUERY)) return;
        this.seen.add(name);
        this.counts.set(kind, count + 1);
        this.queue.push({ url, kind, model });
    }
}

async function links(page) {
    const hrefs = await page.locator('a[href]').evaluateAll((all) => all.map((a) => ({ href: a.href, saves: a.hasAttribute('download') })));
    return hrefs.filter(({ saves }) => !saves).map(({ href }) => href.split('#')[0]);
}

/** Opens the page; false when it is no page but a file. */
async function arrive(desk, url) {
    try {
        await desk.page.goto(url);
        return true;
    } catch (error) {
        if (/Download is starting/.test(error.message)) return false;
        throw error;
    }
}

/**
 * Walks from `begin`, and calls `visit` on each page, which may say what is wrong there. The answer:
 * the kinds that were seen, with how many pages of each, and everything that was said.
 */
export async function walk(desk, { begin = ['/admin'], visit = () => [] }) {
    const way = new Way((await desk.api.models()).map((model) => model.slug));
    begin.forEach((path) => way.add(new URL(path, desk.server.address).href));
    const complaints = [];
    let visited = 0;
    for (let next = way.queue.shift(); next; next = way.queue.shift()) {
        if ((visited += 1) > MOST) throw new Error(`more than ${MOST} pages: ${next.url}`);
        if (!(await arrive(desk, next.url))) continue;
        for (const link of await links(desk.page)) if (link.startsWith(`${desk.server.address}/`)) way.add(link);
        const said = [...(await visit(desk, next)), ...desk.watch.faults.splice(0)];
        const { pathname, search } = new URL(next.url);
        complaints.push(...said.map((text) => `${pathname}${search}: ${text}`));
    }
    return { kinds: way.counts, seen: way.seen, complaints };
}
