// Many records at once: saved views, a selection that outlives the page, changing and deleting it.

import { strict as assert } from 'node:assert';

import { flow, unique } from '../harness/suite.mjs';

/** Makes `count` publishers whose names begin with the same word, which is the answer. */
async function fleet(desk, count) {
    const word = unique('Flotilla').replace(/ /g, '-');
    for (let i = 0; i < count; i += 1) await desk.api.create('publisher', { name: `${word} ${String(i).padStart(2, '0')}`, city: 'Harbour' });
    return word;
}

const those = (desk, word) => desk.api.list('publisher', `name__startswith=${word}&sort=name&limit=100`);

flow('view: a list is kept under a name, and found again', {}, async (desk) => {
    const name = unique('Dear books');
    await desk.openList('book', 'price__gte=200&sort=-price');
    const shown = await desk.column('Title');
    await desk.main.getByText('Save view', { exact: true }).click();
    await desk.main.getByLabel('Name', { exact: true }).fill(name);
    await desk.main.locator('details.keep').getByRole('button', { name: 'Save' }).click();
    await desk.main.getByRole('link', { name, exact: true }).waitFor();
    await desk.openList('book');
    await desk.main.getByRole('link', { name, exact: true }).click();
    await desk.page.waitForURL('**sort=-price**');
    assert.deepEqual(await desk.column('Title'), shown);
});

flow('many: all that match are changed after a question', {}, async (desk) => {
    const word = await fleet(desk, 30);
    await desk.openList('publisher', `name__startswith=${word}&sort=name`);
    await desk.main.locator('input[name="_key"]').first().check();
    await desk.main.locator('input[name="_all"]').check();
    await desk.press('Edit…');
    await desk.main.getByLabel('Change City').check();
    await desk.field('City').fill('Open sea');
    await desk.press('Preview');
    await desk.main.locator('ins', { hasText: 'Open sea' }).first().waitFor();
    assert.ok((await those(desk, word)).every(({ city }) => city === 'Harbour'), 'asking has changed it');
    const typed = desk.main.locator('input[name="_typed"]');
    if (await typed.count()) await typed.fill('30');
    await desk.main.locator('form.save button[type=submit]').click();
    await desk.page.waitForURL(/\/admin\/publisher(\?|$)/);
    const now = await those(desk, word);
    assert.deepEqual([now.length, ...new Set(now.map(({ city }) => city))], [30, 'Open sea']);
});

flow('many: what was selected on two pages is deleted', {}, async (desk) => {
    const word = await fleet(desk, 28);
    await desk.openList('publisher', `name__startswith=${word}&sort=name`);
    const pick = (n) => desk.rows.filter({ hasText: `${word} ${n}` }).getByRole('checkbox').check();
    await pick('03');
    if (!desk.scripted) await desk.press('Keep the selection');
    await desk.turn('next');
    await pick('27');
    await desk.main.getByRole('button', { name: 'Delete…' }).click();
    await desk.page.waitForURL('**/_many**');
    const told = await desk.main.innerText();
    for (const n of ['03', '27']) assert.ok(told.includes(`${word} ${n}`), `${n} is not in ${told}`);
    const typed = desk.main.locator('input[name="_typed"]');
    if (await typed.count()) await typed.fill('2');
    await desk.main.locator('form.save button[type=submit]').click();
    await desk.page.waitForURL(/\/admin\/publisher(\?|$)/);
    const left = await those(desk, word);
    assert.equal(left.length, 26);
    assert.ok(!left.some(({ name }) => / (03|27)$/.test(name)));
});
