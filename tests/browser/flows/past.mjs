// What has been: a record's history and the way back, changes and their undoing, the trash.

import { strict as assert } from 'node:assert';

import { flow, unique } from '../harness/suite.mjs';

flow('history: going back to what a record was', {}, async (desk) => {
    const [before, after] = ['Sloop', 'Schooner'].map(unique);
    const made = await desk.api.create('publisher', { name: before });
    await desk.api.change('publisher', made.id, { name: after });
    await desk.openRecord('publisher', made.id);
    await desk.follow('History');
    await desk.page.waitForURL('**/history**');
    const told = await desk.main.innerText();
    for (const text of [before, after, 'administrator']) assert.ok(told.includes(text), `${text} is not in: ${told}`);
    await desk.main.getByRole('link', { name: /^Go back to this/ }).last().click();
    await desk.page.waitForURL(/revert/);
    assert.match(await desk.main.innerText(), new RegExp(`${after}[^]*${before}`));
    assert.equal((await desk.api.read('publisher', made.id)).name, after, 'asking has changed it');
    await desk.press('Go back to this');
    await desk.page.waitForURL((url) => !url.pathname.endsWith('/revert'));
    assert.equal((await desk.api.read('publisher', made.id)).name, before);
});

flow('changes: undoing one', {}, async (desk) => {
    const [before, after] = ['Ketch', 'Yawl'].map(unique);
    const made = await desk.api.create('publisher', { name: before });
    await desk.api.change('publisher', made.id, { name: after });
    await desk.open('/admin/_changes');
    const change = desk.main.getByRole('listitem').filter({ hasText: after }).first();
    await change.getByRole('link', { name: /^Undo change/ }).click();
    await desk.page.waitForURL('**/undo');
    await desk.press('Undo');
    await desk.page.waitForURL((url) => !url.pathname.endsWith('/undo'));
    assert.equal((await desk.api.read('publisher', made.id)).name, before);
});

flow('trash: out of it, and out for good', {}, async (desk) => {
    const [first] = await desk.api.list('staff_note', 'limit=1');
    const body = unique('A note to be thrown away');
    const code = `SN-${unique('').replace(/\D/g, '').slice(-5).padStart(5, '9')}`;
    const made = await desk.api.create('staff_note', { ...first, id: undefined, code, body }).catch(() => null);
    const note = made ?? first;
    const { key } = await desk.api.model('staff_note');
    const own = key.map((name) => note[name]).join(',');
    await desk.openRecord('staff_note', own);
    await desk.link('Delete…').click();
    await desk.page.waitForURL('**/delete');
    await desk.main.getByRole('button', { name: /^(Delete|Move to the trash)/ }).click();
    await desk.page.waitForURL((url) => !url.pathname.endsWith('/delete'));
    await assert.rejects(desk.api.read('staff_note', own), /404/);
    await desk.open('/admin/staff_note/_trash');
    await desk.main.getByRole('link', { name: /^Restore/ }).first().click();
    await desk.page.waitForURL('**/restore');
    await desk.main.getByRole('button', { name: /^(Restore|Bring it back)/ }).click();
    await desk.page.waitForURL((url) => !url.pathname.endsWith('/restore'));
    assert.ok(await desk.api.read('staff_note', own));
});
