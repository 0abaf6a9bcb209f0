// How a test is written here: `flow` for what must work with and without JavaScript, `look` for what
// is asked once. Either gives the test a desk, and holds afterwards that the page was quiet. The
// options are those of `take` (harness/room.mjs); `begin` starts a server for the test alone.

import { test } from 'node:test';

import { picture, take } from './room.mjs';

async function sit(name, { begin, ...options }, what) {
    // A server for this test alone.
    const own = begin && (await begin());
    const desk = await take(own ? { ...options, server: own } : options);
    try {
        await what(desk);
        desk.watch.mustBeQuiet();
    } catch (error) {
        error.message += `\n(at ${desk.here}; picture: ${await picture(desk, name)})`;
        throw error;
    } finally {
        await desk.close();
        await own?.stop();
    }
}

/** A test with a desk of its own. */
export function look(name, options, what) {
    test(name, () => sit(name, options, what));
}

/** Two tests: the same steps with JavaScript on and off. */
export function flow(name, options, what) {
    for (const javaScriptEnabled of [true, false]) {
        const full = `${name} (JavaScript ${javaScriptEnabled ? 'on' : 'off'})`;
        look(full, { ...options, javaScriptEnabled }, what);
    }
}

let count = 0;

/** A text that nothing else in this run has: what tests make is told apart by it. */
export function unique(word) {
    count += 1;
    return `${word} ${count} ${process.pid}`;
}
