// The room where the tests happen: one browser and one server with the demo's data for all of them,
// begun when first asked for; and a place at a desk in it for whoever needs one.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';

import { Api } from './api.mjs';
import { Desk } from './desk.mjs';
import { demoServer, killAll } from './server.mjs';
import { chromium, chromiumFlags, chromiumPath, failures } from './tools.mjs';
import { Watch, watchPolicy } from './watch.mjs';

const PATIENCE = 30_000;

let browser;
let demo;

/** The browser. */
export function theBrowser() {
    browser ??= chromium.launch({ executablePath: chromiumPath, args: chromiumFlags });
    return browser;
}

/** The server with the demo's data. */
export function theDemo() {
    demo ??= demoServer();
    return demo;
}

const kept = [];

/** A server for several tests: begun with `begin` when first asked for. */
export function shared(begin) {
    let server;
    return () => {
        if (!server) kept.push((server = begin()));
        return server;
    };
}

/** Closes all, whatever became of it. */
export async function leave() {
    const [gone] = await Promise.allSettled([browser?.then((open) => open.close())]);
    const stopped = await Promise.allSettled([demo, ...kept].map(async (server) => (await server)?.stop()));
    killAll();
    const failed = [gone, ...stopped].find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
}
after(leave);

/**
 * A desk: a browser of one's own, logged in as `who` unless that is nobody, at the demo or at what
 * `server` says. `options` are those of a playwright context.
 */
export async function take({ who = 'administrator', server, ...options } = {}) {
    server = await (typeof server === 'function' ? server() : (server ?? theDemo()));
    const context = await (await theBrowser()).newContext({
        baseURL: server.address,
        viewport: { width: 1360, height: 860 },
        timezoneId: 'Europe/Athens',
        ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    const watch = new Watch(server.address);
    await watch.over(context);
    const api = who && (await Api.of(server, who));
    if (who) await context.addCookies([api.cookie]);
    const page = await context.newPage();
    await watchPolicy(page, watch);
    const again = () => take({ who, server, ...options });
    return new Desk({ page, watch, api, server, again, scripted: options.javaScriptEnabled !== false });
}

/** Leaves a picture of what a failed test saw. */
export async function picture(desk, name) {
    mkdirSync(failures, { recursive: true });
    const path = join(failures, `${name.replace(/[^\w]+/g, '-')}.png`);
    await desk.page.screenshot({ path, fullPage: true }).catch(() => {});
    return path;
}
