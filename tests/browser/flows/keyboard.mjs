// Without a mouse: from one field to the next, the palette, the shortcuts.

import { strict as assert } from 'node:assert';

import { flow, look } from '../harness/suite.mjs';

flow('keyboard: the first key leads past the menu', {}, async (desk) => {
    await desk.openList('book');
    await desk.page.keyboard.press('Tab');
    assert.equal(await desk.focused(), 'Skip to the content');
    await desk.page.keyboard.press('Enter');
    await desk.page.keyboard.press('Tab');
    assert.ok(await desk.page.evaluate(() => document.activeElement.closest('main') !== null));
});

flow('keyboard: a record is made without a mouse', {}, async (desk) => {
    const name = `By keys alone ${Date.now()}`;
    await desk.openNew('publisher');
    await desk.field('Name').focus();
    await desk.page.keyboard.type(name);
    await desk.page.keyboard.press('Tab');
    await desk.page.keyboard.press('Enter');
    await desk.page.waitForURL(/\/admin\/publisher\/\d+/);
    assert.equal(await desk.heading(), name);
});

look('keyboard: every place that has the focus shows it', {}, async (desk) => {
    await desk.openList('book');
    const bare = new Set();
    for (let i = 0; i < 60; i += 1) {
        await desk.page.keyboard.press('Tab');
        const seen = await desk.page.evaluate(() => {
            const element = document.activeElement;
            const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
            const shown = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
            return { shown, name: `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 30)}`, body: element === document.body };
        });
        if (seen.body) break;
        if (!seen.shown) bare.add(seen.name);
    }
    assert.deepEqual([...bare], []);
});

look('keyboard: the palette finds a page and a record', {}, async (desk) => {
    const [author] = await desk.api.list('author', 'sort=id&limit=1');
    await desk.openHome();
    await desk.page.keyboard.press('Control+k');
    await desk.page.keyboard.type('Publish');
    await desk.page.getByRole('option', { name: /Publishers/ }).first().waitFor();
    await desk.page.keyboard.press('Enter');
    await desk.page.waitForURL('**/admin/publisher');
    await desk.page.keyboard.press('Control+k');
    await desk.page.keyboard.type(author.name);
    await desk.page.getByRole('option', { name: author.name }).first().waitFor();
    await desk.page.keyboard.press('Enter');
    await desk.page.waitForURL(`**/admin/author/${author.id}`);
});

look('keyboard: the shortcuts do what their list says', {}, async (desk) => {
    const { keyboard } = desk.page;
    await desk.openList('author', 'sort=name');
    await keyboard.press('?');
    const keys = desk.page.getByRole('dialog', { name: 'Shortcuts' });
    await keys.waitFor();
    await keyboard.press('Escape');
    await keys.waitFor({ state: 'hidden' });
    await keyboard.press('/');
    assert.equal(await desk.page.evaluate(() => document.activeElement.id), 'q');
    await keyboard.press('Tab');
    const first = await desk.column('Name');
    await keyboard.press('j');
    await desk.page.waitForURL('**cursor=**');
    assert.notDeepEqual(await desk.column('Name'), first);
    await keyboard.press('k');
    await desk.page.waitForFunction((name) => document.querySelector('tbody').innerText.includes(name), first[0]);
    await keyboard.press('n');
    await desk.page.waitForURL('**/admin/author/new');
});

look('keyboard: Ctrl S saves', {}, async (desk) => {
    const made = await desk.api.create('publisher', { name: `Saved by keys ${Date.now()}` });
    await desk.openRecord('publisher', made.id);
    await desk.fill({ City: 'Thira' });
    await desk.page.keyboard.press('Control+s');
    await desk.page.waitForURL('**saved=changed**');
    assert.equal((await desk.api.read('publisher', made.id)).city, 'Thira');
});
