// From record to record: the picker, making what is picked, rows within a record.

import { strict as assert } from 'node:assert';

import { flow, look, unique } from '../harness/suite.mjs';

async function bookWith(desk, title) {
    const [found] = await desk.api.list('book', `title=${encodeURIComponent(title)}`);
    return found;
}

let isbn = Date.now() % 1_000_000;
const nextIsbn = () => `978${String((isbn += 1)).padStart(10, '0')}`;

look('picker: one is found by typing, and chosen by keys', {}, async (desk) => {
    const [author] = await desk.api.list('author', 'sort=id&limit=1');
    const title = unique('Picked');
    await desk.openNew('book');
    await desk.fill({ ISBN: nextIsbn(), Title: title, Price: '12.50', Pages: '100' });
    const combo = desk.main.getByRole('combobox', { name: /^Author/ });
    await combo.fill(author.name);
    await desk.page.getByRole('option', { name: author.name }).first().waitFor();
    await combo.press('ArrowDown');
    await combo.press('Enter');
    assert.equal(await combo.inputValue(), author.name);
    await desk.press('Create');
    await desk.page.waitForURL(/\/admin\/book\/\d+/);
    assert.equal((await bookWith(desk, title)).author_id, author.id);
});

look('picker: one is found without JavaScript', { javaScriptEnabled: false }, async (desk) => {
    const [author] = await desk.api.list('author', 'sort=id&limit=1');
    const title = unique('Found');
    await desk.openNew('book');
    await desk.fill({ ISBN: nextIsbn(), Title: title, Price: '12.50', Pages: '100' });
    await desk.main.locator('[name="_q.author_id"]').fill(author.name);
    desk.watch.expect(422);
    await desk.main.getByRole('button', { name: /^Find Author/ }).click();
    await desk.main.getByRole('radiogroup', { name: /^Author/ }).getByText(author.name, { exact: true }).first().click();
    assert.equal(await desk.field('Title').inputValue(), title);
    await desk.press('Create');
    await desk.page.waitForURL(/\/admin\/book\/\d+/);
    assert.equal((await bookWith(desk, title)).author_id, author.id);
});

look('picker: what is missing is made in place', {}, async (desk) => {
    const [title, name] = ['In place', 'Made in place'].map(unique);
    const [author] = await desk.api.list('author', 'sort=id&limit=1');
    await desk.openNew('book');
    await desk.fill({ ISBN: nextIsbn(), Title: title, Price: '12.50', Pages: '100' });
    const combo = desk.main.getByRole('combobox', { name: /^Author/ });
    await combo.fill(author.name);
    await desk.page.getByRole('option', { name: author.name }).first().waitFor();
    await combo.press('ArrowDown');
    await combo.press('Enter');
    await desk.main.getByRole('button', { name: '+ New publisher' }).click();
    const dialog = desk.page.getByRole('dialog').filter({ has: desk.page.getByRole('button', { name: 'Create', exact: true }) });
    await dialog.getByLabel(/^Name/).fill(name);
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await desk.main.getByRole('combobox', { name: /^Publisher/ }).inputValue(), name);
    await desk.press('Create');
    await desk.page.waitForURL(/\/admin\/book\/\d+/);
    const [publisher] = await desk.api.list('publisher', `name=${encodeURIComponent(name)}`);
    assert.equal((await bookWith(desk, title)).publisher_id, publisher.id);
});

look('picker: what is missing is made on the way, without JavaScript', { javaScriptEnabled: false }, async (desk) => {
    const [title, name] = ['On the way', 'Made on the way'].map(unique);
    const [author] = await desk.api.list('author', 'sort=id&limit=1');
    await desk.openNew('book');
    await desk.fill({ ISBN: nextIsbn(), Title: title, Price: '12.50', Pages: '100' });
    await desk.main.locator('[name="author_id"]').fill(String(author.id));
    await desk.main.getByRole('button', { name: '+ New publisher' }).click();
    await desk.page.waitForURL(/\/admin\/publisher\/new/);
    await desk.fill({ Name: name });
    await desk.press('Create');
    await desk.page.waitForURL(/\/admin\/book\/new/);
    assert.equal(await desk.field('Title').inputValue(), title, 'what was typed is lost');
    await desk.press('Create');
    await desk.page.waitForURL(/\/admin\/book\/\d+/);
    const [publisher] = await desk.api.list('publisher', `name=${encodeURIComponent(name)}`);
    assert.equal((await bookWith(desk, title)).publisher_id, publisher.id);
});

flow('inline: rows are added, changed and removed in one save', {}, async (desk) => {
    const email = `sailor.${Date.now()}.${Math.random().toString(36).slice(2)}@example.com`;
    const own = { id: crypto.randomUUID(), preferences: {}, created_at: '2026-11-22T10:00:00Z' };
    const customer = await desk.api.create('customer', { ...own, name: unique('Sailor'), email });
    const base = { customer_id: customer.id, postcode: '18010', country: 'GR', kind: 'home' };
    const kept = await desk.api.create('address', { ...base, street: 'Kept 1', city: 'Hydra' });
    const gone = await desk.api.create('address', { ...base, street: 'Gone 2', city: 'Poros' });
    await desk.openRecord('customer', customer.id);
    const rows = desk.main.getByRole('region', { name: 'Addresses' }).locator('tbody tr');
    const row = (key) => rows.filter({ has: desk.page.locator(`input[name$="_key"][value="${key}"]`) });
    await row(kept.id).getByLabel(/^City/).fill('Spetses');
    await row(gone.id).getByRole('checkbox', { name: /^Remove/ }).check();
    await desk.press('Save');
    await desk.page.waitForURL('**saved=changed**');
    const left = await desk.api.list('address', `customer_id=${customer.id}`);
    assert.deepEqual(left.map(({ id, city }) => ({ id, city })), [{ id: kept.id, city: 'Spetses' }]);
    await desk.press('Add a row');
    const blank = rows.filter({ hasNot: desk.page.locator('input[name$="_key"]') });
    await blank.nth(1).waitFor();
    const fresh = blank.first();
    await fresh.getByLabel(/^Street/).fill('New 3');
    await fresh.getByLabel(/^City/).fill('Aegina');
    await fresh.getByLabel(/^Postcode/).fill('18010');
    await fresh.getByLabel(/^Country/).fill('GR');
    await desk.press('Save');
    // The address is that of the save before: what tells of this one is that the row is a record.
    await rows.filter({ has: desk.page.locator('input[name$="_key"]') }).nth(1).waitFor();
    const now = await desk.api.list('address', `customer_id=${customer.id}&sort=id`);
    assert.deepEqual(now.map(({ city }) => city), ['Spetses', 'Aegina']);
});

look('inline: what is typed while a row is added stays', {}, async (desk) => {
    const email = `typist.${Date.now()}.${Math.random().toString(36).slice(2)}@example.com`;
    const own = { id: crypto.randomUUID(), preferences: {}, created_at: '2026-11-22T10:00:00Z' };
    const customer = await desk.api.create('customer', { ...own, name: unique('Typist'), email });
    await desk.openRecord('customer', customer.id);
    const rows = desk.main.getByRole('region', { name: 'Addresses' }).locator('tbody tr');
    const before = await rows.count();
    // The answer is held back until something has been typed.
    let answer;
    const held = new Promise((go) => (answer = go));
    const asked = new Promise((seen) => {
        desk.page.route(`**/admin/customer/${customer.id}`, async (route) => {
            if (route.request().method() !== 'POST') return route.continue();
            seen();
            await held;
            return route.continue();
        });
    });
    await desk.press('Add a row');
    await asked;
    await rows.first().getByLabel(/^Street/).fill('Typed 1');
    await desk.fill({ Name: 'Typed meanwhile' });
    await rows.first().getByLabel(/^City/).fill('Hydra');
    answer();
    await rows.nth(before).waitFor();
    assert.equal(await rows.first().getByLabel(/^Street/).inputValue(), 'Typed 1');
    assert.equal(await desk.field('Name').inputValue(), 'Typed meanwhile');
    assert.match(await desk.page.evaluate(() => document.activeElement.name), /city$/);
    await desk.page.unroute(`**/admin/customer/${customer.id}`);
    // Both rows are of one form: each has names of its own.
    for (const [row, street] of [[rows.first(), 'Typed 1'], [rows.nth(before), 'Typed 2']]) {
        await row.getByLabel(/^Street/).fill(street);
        await row.getByLabel(/^City/).fill('Hydra');
        await row.getByLabel(/^Postcode/).fill('18040');
        await row.getByLabel(/^Country/).fill('GR');
    }
    await desk.press('Save');
    await desk.page.waitForURL('**saved=changed**');
    const made = await desk.api.list('address', `customer_id=${customer.id}&sort=id`);
    assert.deepEqual(made.map(({ street }) => street), ['Typed 1', 'Typed 2']);
});
