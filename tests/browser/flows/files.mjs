// Files: an import with faults, the same mended, and taken back; an export.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';

import { flow, unique } from '../harness/suite.mjs';

const csv = (rows) => ({ name: 'ships.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.map((row) => row.join(',')).join('\r\n')) });

async function send(desk, rows) {
    await desk.open('/admin/publisher/_import');
    await desk.main.locator('input[type=file]').setInputFiles(csv(rows));
    await desk.press('Go on to the columns');
    await desk.page.waitForURL(/_import\/./);
    await desk.press('Check the whole file');
    await desk.page.locator('#checked').waitFor();
}

/** Waits until an operation's page says that it has ended. */
async function ended(desk) {
    await desk.page.waitForURL(/_operations\/./);
    await desk.page.locator('#operation progress').waitFor({ state: 'detached', timeout: 30_000 });
}

flow('import: a fault is told by its line, the mended file goes in, and out again', {}, async (desk) => {
    const word = unique('Convoy').replace(/ /g, '-');
    const head = ['name', 'city', 'founded_year'];
    const good = [1, 2, 3].map((n) => [`${word} ${n}`, 'Syros', `190${n}`]);
    const stored = () => desk.api.list('publisher', `name__startswith=${word}`);

    await send(desk, [head, good[0], [`${word} bad`, 'Syros', 'long ago'], good[2]]);
    const told = await desk.page.locator('#checked').innerText();
    assert.match(told, /Not every row is in order/);
    assert.match(told, /\b3\b[^]*(founded|whole number)/i, `the third line is not named: ${told}`);
    assert.deepEqual(await stored(), [], 'checking has written');

    await send(desk, [head, ...good]);
    assert.match(await desk.page.locator('#checked').innerText(), /Every row is in order/);
    await desk.press('Import 3 rows');
    await ended(desk);
    assert.equal((await stored()).length, 3);

    await desk.main.getByRole('link', { name: /^Undo change/ }).first().click();
    await desk.page.waitForURL('**/undo');
    await desk.press('Undo');
    await desk.page.waitForURL((url) => !url.pathname.endsWith('/undo'));
    assert.deepEqual(await stored(), []);
});

flow('export: what the list shows comes as a file', { acceptDownloads: true }, async (desk) => {
    const word = unique('Cargo').replace(/ /g, '-');
    for (const n of [1, 2]) await desk.api.create('publisher', { name: `${word} ${n}`, city: '=1+1' });
    await desk.open(`/admin/publisher/_export?name__startswith=${word}`);
    const holds = async (press) => {
        const [file] = await Promise.all([desk.page.waitForEvent('download'), press()]);
        const text = readFileSync(await file.path(), 'utf8');
        for (const n of [1, 2]) assert.ok(text.includes(`${word} ${n}`), text);
        assert.equal(text.trim().split('\n').length, 3, text);
    };
    await holds(() => desk.press('Download'));
    await desk.press('Make it in the background');
    await ended(desk);
    await holds(() => desk.main.getByRole('link', { name: /^Download/ }).click());
});
