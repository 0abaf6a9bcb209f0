// What a list costs on the wire: everything a browser asks for that has never been here, and what it
// asks for again, compressed as it comes, with its headers.

import { strict as assert } from 'node:assert';

import { look } from '../harness/suite.mjs';

const FIRST = 80_000;
const AGAIN = 15_000;

/** Adds up what comes over the wire while `what` is done. */
async function weigh(desk, what) {
    const devtools = await desk.page.context().newCDPSession(desk.page);
    let bytes = 0;
    let requests = 0;
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
        requests += encodedDataLength > 0 ? 1 : 0;
    });
    await devtools.send('Network.enable');
    await what();
    await desk.page.waitForLoadState('networkidle');
    await devtools.detach();
    return { bytes, requests };
}

look('size: a list, first and again', {}, async (desk) => {
    const first = await weigh(desk, () => desk.openList('book'));
    const again = await weigh(desk, () => desk.openList('book', 'sort=title'));
    const turned = await weigh(desk, () => desk.turn('next'));
    for (const [name, { bytes, requests }] of Object.entries({ first, again, turned })) {
        console.log(`a list of 25, ${name}: ${bytes} bytes in ${requests} requests`);
        assert.ok(bytes > 1_000 && bytes <= (name === 'first' ? FIRST : AGAIN), `${name}: ${bytes} bytes`);
    }
});
