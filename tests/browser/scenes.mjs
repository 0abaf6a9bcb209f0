// Pages that no link leads to, and what has to be done to see them: each a name, and a way there.

import { emptyServer } from './harness/server.mjs';

const csv = (...rows) => ({ name: 'ships.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\r\n')) });

async function sendFile(desk, ...rows) {
    await desk.open('/admin/publisher/_import');
    await desk.main.locator('input[type=file]').setInputFiles(csv(...rows));
    await desk.press('Go on to the columns');
    await desk.page.waitForURL(/_import\/./);
}

async function checkFile(desk, ...rows) {
    await sendFile(desk, ...rows);
    await desk.press('Check the whole file');
    await desk.page.locator('#checked').waitFor();
}

async function selectAll(desk) {
    await desk.openList('publisher', 'sort=name');
    await desk.main.locator('input[name="_key"]').first().check();
    await desk.main.locator('input[name="_all"]').check();
}

const scenes = {
    async 'record-faults'(desk) {
        await desk.openNew('book');
        await desk.withoutBrowserChecks();
        await desk.fill({ ISBN: '12', Title: 'The Lighthouse Ledger', Price: '-1', Pages: '0' });
        desk.watch.expect(422);
        await desk.press('Create');
        await desk.page.getByRole('alert').waitFor();
    },
    async 'record-stale'(desk) {
        const made = await desk.api.create('publisher', { name: 'Harbour Press', city: 'Syros' });
        await desk.openRecord('publisher', made.id);
        await desk.api.change('publisher', made.id, { name: 'Harbour Books', city: 'Athens' });
        await desk.fill({ Name: 'Harbour & Daughters' });
        desk.watch.expect(412);
        await desk.press('Save');
        await desk.page.getByRole('alert').waitFor();
    },
    async 'record-saved'(desk) {
        const made = await desk.api.create('publisher', { name: 'Quayside', city: 'Syros' });
        await desk.openRecord('publisher', made.id);
        await desk.fill({ City: 'Ermoupoli' });
        await desk.press('Save');
        await desk.page.waitForURL('**saved=changed**');
    },
    async 'record-history'(desk) {
        const made = await desk.api.create('publisher', { name: 'Breakwater', city: 'Syros' });
        await desk.api.change('publisher', made.id, { city: 'Athens', founded_year: 1897 });
        await desk.api.change('publisher', made.id, { name: 'Breakwater Books' });
        await desk.open(`/admin/publisher/${made.id}/history`);
    },
    async 'record-delete'(desk) {
        const category = await desk.api.create('category', { name: 'Knots', slug: `knots-${Date.now()}` });
        for (const { id } of await desk.api.list('book', 'limit=3&fields=id')) {
            await desk.api.create('book_category', { book_id: id, category_id: category.id });
        }
        await desk.open(`/admin/category/${category.id}/delete`);
    },
    async 'record-inlines'(desk) {
        const [order] = await desk.api.list('order', 'limit=1&fields=id');
        await desk.openRecord('order', order.id);
        await desk.main.locator('.inline').first().scrollIntoViewIfNeeded();
    },
    async 'record-picker'(desk) {
        await desk.openNew('book');
        await desk.main.getByPlaceholder('Search authors').pressSequentially('an', { delay: 30 });
        await desk.main.getByRole('option').first().waitFor();
    },
    async 'home-charts'(desk) {
        await desk.openHome();
    },
    async 'role-matrix'(desk) {
        await desk.open('/admin/_roles/1');
    },
    async 'list-selected'(desk) {
        await desk.openList('book', 'sort=title');
        for (const n of [0, 2, 3]) await desk.main.locator('input[name="_key"]').nth(n).check();
    },
    async 'list-filter'(desk) {
        await desk.openList('book');
        await desk.openFilters();
    },
    async 'list-builder'(desk) {
        const or = new URLSearchParams([['price__gte', '200'], ['in_print', 'true']]);
        const rest = new URLSearchParams([['author.country', 'GR'], ['or', `${or}`]]);
        await desk.open(`/admin/book/_build?${new URLSearchParams([['_rest', `${rest}`], ['_at', '1'], ['_do', 'add']])}`);
    },
    async 'list-trash'(desk) {
        const [made] = await desk.api.list('staff_note', 'limit=1&fields=code');
        await desk.api.delete('staff_note', made.code);
        await desk.openList('staff_note', 'trash=only');
    },
    async 'many-edit'(desk) {
        await selectAll(desk);
        await desk.press('Edit…');
        await desk.main.getByLabel('Change City').check();
        await desk.field('City').fill('Open sea');
    },
    async 'many-edit-question'(desk) {
        await selectAll(desk);
        await desk.press('Edit…');
        await desk.main.getByLabel('Change City').check();
        await desk.field('City').fill('Open sea');
        await desk.press('Preview');
        await desk.main.locator('ins').first().waitFor();
    },
    async 'many-delete-question'(desk) {
        await desk.openList('publisher', 'sort=name');
        for (const n of [0, 1]) await desk.main.locator('input[name="_key"]').nth(n).check();
        await desk.main.getByRole('button', { name: 'Delete…' }).click();
        await desk.page.waitForURL('**/_many**');
    },
    async 'import-columns'(desk) {
        await sendFile(desk, 'name,town,founded_year', 'Seven Seas,Syros,1901', 'Anchor,Hydra,1902');
    },
    async 'import-check'(desk) {
        await checkFile(desk, 'name,city,founded_year', 'Seven Seas,Syros,1901', 'Anchor,Hydra,long ago', ',Poros,1904');
    },
    async 'import-done'(desk) {
        await checkFile(desk, 'name,city,founded_year', 'Seven Seas,Syros,1901', 'Anchor,Hydra,1902');
        await desk.press('Import 2 rows');
        await desk.page.waitForURL(/_operations\/./);
        await desk.page.locator('#operation progress').waitFor({ state: 'detached', timeout: 30_000 });
    },
    async 'operations'(desk) {
        await desk.open('/admin/_operations');
    },
    async 'account-token'(desk) {
        await desk.open('/admin/_account');
        await desk.main.getByText('New token', { exact: true }).click();
        await desk.main.getByLabel('What it is for').fill('the nightly export');
        await desk.press('Make the token');
        await desk.main.locator('#token').waitFor();
    },
    async 'palette'(desk) {
        await desk.openHome();
        await desk.page.keyboard.press('Control+k');
        await desk.page.keyboard.type('boo', { delay: 40 });
        await desk.page.waitForTimeout(500);
    },
    async 'view-as'(desk) {
        await desk.logInAgain();
        const [viewer] = await desk.api.list('qd_user', 'username=viewer&fields=id');
        await desk.open(`/admin/_users/${viewer.id}`);
        await desk.press('View as this user');
        await desk.page.getByText('You see everything as viewer would.').waitFor();
        await desk.openList('book');
    },
};

/** Pages in the other language, whose words are longer. */
const german = {
    account: '/admin/_account',
    audit: '/admin/_audit',
    build: '/admin/book/_build',
    changes: '/admin/_changes',
    delete: '/admin/author/1/delete',
    home: '/admin',
    import: '/admin/publisher/_import',
    list: '/admin/order?status=paid&sort=-total',
    many: '/admin/publisher/_many?_do=edit&_selected=1:2',
    problem: '/admin/book?zz=1',
    record: '/admin/book/1',
    role: '/admin/_roles/1',
    undo: '/admin/_changes/1/undo',
};

for (const [name, path] of Object.entries(german)) {
    scenes[`german-${name}`] = async (desk) => {
        await desk.page.context().addCookies([{ name: 'quarterdeck_language', value: 'de', url: desk.server.address }]);
        desk.watch.expect(400, 404);
        await desk.open(path);
    };
}

/** What a scene needs of its desk. */
export const places = { setup: { who: '', server: emptyServer } };

scenes.setup = (desk) => desk.open(desk.server.setupLink);

export default scenes;
