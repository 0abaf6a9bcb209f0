// Every page with hostile texts in every field, with the content security policy and without it:
// nothing is run, and no element of the page comes out of a value.

import { strict as assert } from 'node:assert';

import { Api } from '../harness/api.mjs';
import { corpus, foreign, poison } from '../harness/poison.mjs';
import { shared } from '../harness/room.mjs';
import { demoServer } from '../harness/server.mjs';
import { look } from '../harness/suite.mjs';
import { walk } from './walk.mjs';

// Fields whose rule leaves no room for an angle bracket or a quote.
const STRICT = /\.(isbn|slug|currency|country|language|email)$/;

const server = shared(async () => {
    const own = await demoServer();
    const api = await Api.of(own, 'administrator');
    // Not the user who looks, and not what users may do.
    own.poisoned = await poison(api, { spare: ['qd_user', 'qd_grant'] });
    return own;
});

look('a53_poison: every field takes it', { server }, async (desk) => {
    const { taken, refused } = desk.server.poisoned;
    assert.ok(taken.length >= 20, `only these took anything: ${taken.join(' ')}`);
    assert.deepEqual(refused.filter((name) => !STRICT.test(name)), [], 'these were thought to take any text');
});

/** Does what could wake a handler, and looks at what is there. */
async function provoke({ page }) {
    await page.evaluate(() => {
        document.querySelectorAll('details').forEach((details) => (details.open = true));
        const events = ['mouseover', 'mouseenter', 'pointerenter', 'focus', 'toggle'];
        document.querySelectorAll('main *').forEach((element) => events.forEach((name) => element.dispatchEvent(new Event(name))));
    });
    return foreign(page);
}

for (const bypassCSP of [true, false]) {
    look(`a53_poison: every page, ${bypassCSP ? 'without' : 'with'} the policy`, { server, bypassCSP }, async (desk) => {
        const { kinds, complaints } = await walk(desk, { most: 8, visit: provoke });
        assert.ok(kinds.get('/admin/{model}/{id}') >= 8);
        assert.deepEqual(complaints, []);
    });
}

// Where most of an address is shown again.
const shown = [
    (text) => `/admin/book/${text}`,
    (text) => `/admin/book?q=${text}&title__contains=${text}`,
    (text) => `/admin/book?${text}=1`,
    (text) => `/auth/login?next=${text}`,
];

// Where little or nothing is.
const others = [
    (text) => `/admin/${text}`,
    (text) => `/admin/book?title=${text}&sort=${text}`,
    (text) => `/admin/book?cursor=${text}`,
    (text) => `/admin/publisher/1?saved=${text}&list=${text}&_list=${text}&back=${text}`,
    (text) => `/admin/publisher/new?name=${text}&city=${text}`,
    (text) => `/auth/setup?token=${text}`,
];

const FEW = [0, 12, 22].map((at) => corpus[at]);

look('a53_poison: each text in the address', { server, bypassCSP: true }, async (desk) => {
    const paths = [...corpus.map((text) => [shown, text]), ...FEW.map((text) => [others, text])].flatMap(([places, text]) => places.map((place) => place(encodeURIComponent(text))));
    const complaints = [];
    const go = async (visitor) => {
        visitor.watch.expect(400, 401, 403, 404, 422);
        for (let path = paths.shift(); path; path = paths.shift()) {
            await visitor.page.goto(path).catch((error) => complaints.push(`${path}: ${error.message}`));
            const said = [...(await provoke(visitor)), ...visitor.watch.faults.splice(0)];
            complaints.push(...said.map((found) => `${path}: ${found}`));
        }
    };
    const other = await desk.another();
    await Promise.all([desk, other].map(go));
    await other.close();
    assert.deepEqual(complaints, []);
});

look('a53_poison: each text typed, refused, kept and shown', { server, bypassCSP: true }, async (desk) => {
    desk.watch.expect(422, 412);
    const complaints = [];
    let refused = 0;
    let compared = 0;
    const note = async (where) => complaints.push(...[...(await provoke(desk)), ...desk.watch.faults.splice(0)].map((found) => `${where}: ${found}`));
    // The others differ in the place they break out of, which typing does not change.
    for (const text of corpus.filter((_, at) => at % 2 === 0)) {
        const line = text.replace(/[\t\u0001]/g, ' ');
        await desk.openNew('publisher');
        await desk.withoutBrowserChecks();
        // Too long a city, so that it is refused.
        await desk.fill({ Name: line, City: `${line}${'-'.repeat(100)}`, Website: line });
        await Promise.all([desk.page.waitForEvent('framenavigated').catch(() => {}), desk.press('Create')]);
        await note(`refused ${text}`);
        const made = await desk.api.create('publisher', { name: text, city: text }).catch(() => null);
        if (!made) {
            refused += 1;
            continue;
        }
        await desk.openRecord('publisher', made.id);
        await note(`record ${text}`);
        await desk.api.change('publisher', made.id, { city: 'Elsewhere' });
        await desk.withoutBrowserChecks();
        await desk.fill({ Name: `${line}!` });
        await Promise.all([desk.page.getByRole('alert').waitFor().then(() => { compared += 1; }, () => {}), desk.press('Save')]);
        await note(`differences ${text}`);
    }
    await desk.openList('publisher', 'sort=-id&limit=100');
    await note('list');
    // What is too long for a name, and what has a character of control.
    assert.ok(compared > 0, 'no two versions were compared');
    assert.ok(refused <= 3, `${refused} were not stored`);
    assert.deepEqual(complaints, []);
});
