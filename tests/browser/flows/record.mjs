// A record: create it, get it wrong, change it, change it at the same time as another, delete it.

import { strict as assert } from 'node:assert';

import { flow, unique } from '../harness/suite.mjs';

flow('record: creating one', {}, async (desk) => {
    const name = unique('Harbour Press');
    await desk.openNew('publisher');
    await desk.fill({ Name: name, City: 'Πειραιάς', Website: 'https://harbour.example/?a=1&b=2' });
    await desk.press('Create');
    await desk.page.waitForURL(/\/admin\/publisher\/\d+/);
    assert.equal(await desk.heading(), name);
    assert.match(await desk.notice(), /created/i);
    const [made] = await desk.api.list('publisher', `name=${encodeURIComponent(name)}`);
    assert.equal(made.city, 'Πειραιάς');
    assert.equal(made.website, 'https://harbour.example/?a=1&b=2');
    assert.equal(made.founded_year, null);
});

flow('record: every fault is said at its field, and nothing typed is lost', {}, async (desk) => {
    const title = unique('A book of faults');
    await desk.openNew('book');
    await desk.withoutBrowserChecks();
    await desk.fill({ ISBN: '12', Title: title, Price: '-1', Pages: '0' });
    desk.watch.expect(422);
    await desk.press('Create');
    await desk.page.getByRole('alert').waitFor();
    for (const label of ['ISBN', 'Price', 'Pages']) {
        assert.notEqual(await desk.faultAt(label), '', `nothing is said at ${label}`);
        assert.equal(await desk.field(label).getAttribute('aria-invalid'), 'true');
    }
    assert.equal(await desk.faultAt('Title'), '');
    assert.equal(await desk.field('Title').inputValue(), title);
    assert.equal(await desk.field('Price').inputValue(), '-1');
    // The summary leads to the field.
    await desk.page.getByRole('alert').getByRole('link', { name: /ISBN/ }).click();
    assert.match(await desk.focused(), /isbn/);
    assert.deepEqual(await desk.api.list('book', `title=${encodeURIComponent(title)}`), []);
});

flow('record: a change goes to one field', {}, async (desk) => {
    const made = await desk.api.create('publisher', { name: unique('Before'), city: 'Hydra' });
    await desk.openRecord('publisher', made.id);
    const name = unique('After');
    await desk.fill({ Name: name });
    await desk.press('Save');
    await desk.page.waitForURL('**saved=changed**');
    assert.equal(await desk.heading(), name);
    const now = await desk.api.read('publisher', made.id);
    assert.deepEqual({ ...made, name }, now);
});

flow('record: a stale save shows what it was, what it is and what was typed', {}, async (desk) => {
    const [before, theirs, yours] = ['Before', 'Theirs', 'Yours'].map(unique);
    const made = await desk.api.create('publisher', { name: before, city: 'Hydra' });
    await desk.openRecord('publisher', made.id);
    await desk.api.change('publisher', made.id, { name: theirs });
    await desk.fill({ Name: yours });
    desk.watch.expect(412);
    await desk.press('Save');
    await desk.page.getByRole('alert').waitFor();
    const told = await desk.main.innerText();
    for (const text of [before, theirs, yours]) {
        // What is typed is the value of an input, too, which is not text.
        assert.ok(told.includes(text), `${text} is not shown in: ${told}`);
    }
    assert.equal((await desk.api.read('publisher', made.id)).name, theirs);
    await desk.keepYours();
    await desk.page.waitForURL('**saved=changed**');
    assert.equal((await desk.api.read('publisher', made.id)).name, yours);
});

flow('record: deleting shows what goes with it, and takes it', {}, async (desk) => {
    const category = await desk.api.create('category', { name: unique('Knots'), slug: unique('knots').replace(/ /g, '-') });
    const [book] = await desk.api.list('book', 'limit=1&fields=id');
    await desk.api.create('book_category', { book_id: book.id, category_id: category.id });
    await desk.openRecord('category', category.id);
    await desk.link('Delete…').click();
    await desk.page.waitForURL('**/delete');
    assert.match(await desk.main.innerText(), /Categories of books|category of a book/i);
    await desk.press('Delete');
    await desk.page.waitForURL(/\/admin\/category(\/_deleted)?(\?|$)/);
    await assert.rejects(desk.api.read('category', category.id), /404/);
    assert.deepEqual(await desk.api.list('book_category', `category_id=${category.id}`), []);
});

flow('record: in German every fault is said in German', {}, async (desk) => {
    const context = desk.page.context();
    await context.addCookies([{ name: 'quarterdeck_language', value: 'de', url: desk.server.address }]);
    await desk.openNew('book');
    await desk.withoutBrowserChecks();
    await desk.fill({ ISBN: '12', Preis: '-1', Seiten: '0' });
    desk.watch.expect(422);
    await desk.press('Anlegen');
    await desk.page.getByRole('alert').waitFor();
    assert.equal(await desk.faultAt('ISBN'), 'ISBN muss mindestens 10 Zeichen haben.');
    assert.equal(await desk.faultAt('Preis'), 'Preis muss mindestens 0 sein.');
    assert.equal(await desk.faultAt('Titel'), 'Titel fehlt.');
    assert.doesNotMatch(await desk.alert(), / (must|is|can|has) /);
});
