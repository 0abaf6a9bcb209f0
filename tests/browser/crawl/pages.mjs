// Every page that can be reached by links, whoever made it: nothing a browser or axe complains of,
// no page wider than a telephone, nothing changed by looking, and the same pages without JavaScript.

import { strict as assert } from 'node:assert';

import { look } from '../harness/suite.mjs';
import { inspect, nothing } from './inspect.mjs';
import { walk } from './walk.mjs';

let withScripts = new Map();

async function lastChange(desk) {
    const [last] = await desk.api.list('qd_audit', 'sort=-id&limit=1&fields=id');
    return last?.id ?? 0;
}

look('r27_pages: axe, console, policy and width of every page', {}, async (desk) => {
    const before = await lastChange(desk);
    const { kinds, complaints } = await walk(desk, { most: 6, visit: inspect });
    withScripts = kinds;
    assert.ok(kinds.get('/admin/{model}/{id}') > 5, `only ${[...kinds.keys()].join(' ')}`);
    nothing(complaints);
    assert.equal(await lastChange(desk), before, 'something was changed by looking');
});

look('pages: the same pages without JavaScript', { javaScriptEnabled: false }, async (desk) => {
    const { kinds, complaints } = await walk(desk, { most: 6 });
    nothing(complaints);
    // Which conditions are linked to depends on the model that is met first.
    const kept = [...withScripts.keys()].filter((kind) => !kind.includes('{field}'));
    assert.ok(kept.length > 20, 'the pages with scripts are walked first');
    const missing = kept.filter((kind) => !kinds.has(kind));
    assert.deepEqual(missing, [], 'these cannot be reached without JavaScript');
});

for (const who of ['viewer', 'editor']) {
    look(`pages: axe, console, policy and width of every page of the ${who}`, { who }, async (desk) => {
        const { complaints } = await walk(desk, { most: 3, visit: (at, next) => inspect(at, next, 1) });
        nothing(complaints);
    });
}
