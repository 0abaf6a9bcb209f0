// Models at the edges: 60 columns, one record, none, names of 500 characters in each direction of
// writing; and a database that was there first.

import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { Api } from '../harness/api.mjs';
import { shared } from '../harness/room.mjs';
import { serverOf } from '../harness/server.mjs';
import { look } from '../harness/suite.mjs';
import { chinook, chinookDatabase, extremes } from '../harness/tools.mjs';
import { inspect, nothing } from './inspect.mjs';
import { walk } from './walk.mjs';

const names = [
    'Long '.repeat(100),
    'W'.repeat(500),
    'سفينة شراعية '.repeat(38),
    `${'ש'.repeat(250)}${'x'.repeat(250)}`,
    '\u202eezilaer \u2067mixed\u2069 \u200f',
    '👩‍👩‍👧‍👦'.repeat(20),
    'a\u0301'.repeat(250),
    '  ',
    '0',
];

const server = shared(async () => {
    const own = await serverOf(extremes);
    const api = await Api.of(own, 'clerk');
    await api.create('single', { name: names[1], remark: names[2] });
    const { fields } = await api.model('wide');
    const values = { integer: Number.MAX_SAFE_INTEGER, float: -1.5e300, number: -1.5e300, boolean: true, text: 'מילה', timestamp: '2026-11-22T10:00:00Z' };
    for (const [at, name] of names.entries()) {
        const rest = at % 2 ? fields.filter((f) => !['id', 'name'].includes(f.name) && f.type in values) : [];
        await api.create('wide', { ...Object.fromEntries(rest.map((f) => [f.name, values[f.type]])), name });
    }
    return own;
});

function ready(name, program, database) {
    const missing = [program, database].find((path) => path !== undefined && !existsSync(path));
    if (missing === undefined) return true;
    test(name, { skip: true }, () => {});
    console.log(`SKIPPED ${name}: ${missing === database ? '../shared has no such database' : 'its program is not built'}`);
    return false;
}

if (ready('extremes', extremes)) {
    look('extremes: every page', { server, who: 'clerk' }, async (desk) => {
        const own = ['wide', 'single', 'nothing'].map((slug) => `/admin/${slug}`);
        const { kinds, complaints } = await walk(desk, { begin: own, most: 4, visit: (at, next) => inspect(at, next, 3) });
        assert.ok(kinds.get('/admin/{model}/{id}') >= 2, [...kinds.keys()].join(' '));
        nothing(complaints);
    });

    look('extremes: each name on its record', { server, who: 'clerk' }, async (desk) => {
        const complaints = [];
        for (const { id } of await desk.api.list('wide', 'fields=id')) {
            await desk.openRecord('wide', id);
            const said = await inspect(desk, { nth: 1 }, id <= 3 ? 1 : 0);
            complaints.push(...[...said, ...desk.watch.faults.splice(0)].map((text) => `${id}: ${text}`));
        }
        nothing(complaints);
    });
}

if (ready('chinook', chinook, chinookDatabase)) {
    const shop = shared(() => serverOf(chinook, chinookDatabase));
    look('chinook: every page', { server: shop, who: 'clerk' }, async (desk) => {
        const { kinds, complaints } = await walk(desk, { most: 12, visit: (at, next) => inspect(at, next, 1) });
        assert.ok(kinds.get('/admin/{model}') > 10, [...kinds.keys()].join(' '));
        nothing(complaints);
    });
}
