// A walk through the admin along its links, as far as there is anything new to see: one page of each
// kind for each model.

import { kindOf } from './kinds.mjs';

// Pages that differ by their query alone are looked at for this many models, and with this many
// parameters: whatever more is combined is made of the same parts.
const MODELS_OF_A_QUERY = 1;
const PARAMETERS = 2;

// Far more than there are; a walk that comes here goes in circles.
const MOST = 900;

/** What is still to be seen. */
class Way {
    constructor(models, most) {
        this.models = new Set(models);
        this.most = most;
        this.seen = new Set();
        this.counts = new Map();
        this.queue = [];
    }

    add(url) {
        const { pathname } = new URL(url);
        if (!/^\/(admin|auth)(\/|$)/.test(pathname) || pathname === '/auth/logout') return;
        const { kind, model, parameters } = kindOf(url, this.models);
        const name = `${kind} ${model}`;
        const nth = (this.counts.get(kind) ?? 0) + 1;
        if (this.seen.has(name) || parameters > PARAMETERS) return;
        if (nth > (parameters > 0 ? MODELS_OF_A_QUERY : this.most)) return;
        this.seen.add(name);
        this.counts.set(kind, nth);
        this.queue.push({ url, kind, model, nth });
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

async function look(desk, way, next, visit) {
    if (!(await arrive(desk, next.url))) return [];
    for (const link of await links(desk.page)) if (link.startsWith(`${desk.server.address}/`)) way.add(link);
    const said = [...(await visit(desk, next)), ...desk.watch.faults.splice(0)];
    const { pathname, search } = new URL(next.url);
    return said.map((text) => `${pathname}${search}: ${text}`);
}

/**
 * Walks from `begin`, over at most `most` models of each kind, and calls `visit` on each page, which
 * may say what is wrong there; `nth` is which model of its kind it is. Two walk beside each other,
 * unless one walks `alone`.
 * The answer: the kinds that were seen, with how many pages of each, and everything that was said.
 */
export async function walk(desk, { begin = ['/admin'], most = Infinity, alone = false, visit = () => [] }) {
    const way = new Way((await desk.api.models()).map((model) => model.slug), most);
    begin.forEach((path) => way.add(new URL(path, desk.server.address).href));
    const complaints = [];
    let visited = 0;
    let busy = 0;
    const go = async (walker) => {
        while (way.queue.length > 0 || busy > 0) {
            const next = way.queue.shift();
            if (!next) {
                await new Promise((resolve) => setTimeout(resolve, 20));
                continue;
            }
            if ((visited += 1) > MOST) throw new Error(`more than ${MOST} pages: ${next.url}`);
            busy += 1;
            try {
                complaints.push(...(await look(walker, way, next, visit)));
            } finally {
                busy -= 1;
            }
        }
    };
    const others = alone ? [] : [await desk.another()];
    try {
        await Promise.all([desk, ...others].map(go));
    } finally {
        await Promise.all(others.map((other) => other.close()));
    }
    return { kinds: way.counts, complaints };
}
