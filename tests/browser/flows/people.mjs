// Who may do what: roles as a matrix, seeing as another, one's own account.

import { strict as assert } from 'node:assert';

import { flow, unique } from '../harness/suite.mjs';

flow('roles: a tick gives a right, and takes it away', {}, async (desk) => {
    const name = unique('Bosun');
    const role = await desk.api.create('qd_role', { name });
    await desk.open('/admin/_roles');
    await desk.main.getByRole('link', { name, exact: true }).click();
    await desk.page.waitForURL(`**/admin/_roles/${role.id}`);
    const line = desk.main.getByRole('row').filter({ has: desk.page.getByRole('rowheader', { name: 'Publishers', exact: true }) });
    const ticks = line.getByRole('checkbox', { name: /publisher/i });
    await ticks.first().check();
    await desk.press('Save');
    await desk.main.getByRole('status').first().waitFor();
    const [grant] = await desk.api.list('qd_grant', `role_id=${role.id}`);
    assert.equal(grant.model, 'publisher');
    assert.equal(grant.verbs.length, 1);
    await line.getByRole('checkbox', { name: /publisher/i }).first().uncheck();
    const saved = desk.page.waitForResponse((answer) => answer.request().method() === 'POST');
    await Promise.all([saved, desk.press('Save')]);
    assert.deepEqual(await desk.api.list('qd_grant', `role_id=${role.id}`), []);
});

flow('view as: one sees what another sees, and changes nothing', {}, async (desk) => {
    // With a session of its own: what one sees as is kept in it.
    await desk.logInAgain();
    const [viewer] = await desk.api.list('qd_user', 'username=viewer&fields=id');
    await desk.open(`/admin/_users/${viewer.id}`);
    await desk.press('View as this user');
    await desk.main.waitFor();
    const banner = desk.page.getByText('You see everything as viewer would.');
    await banner.waitFor();
    await desk.openList('book');
    await banner.waitFor();
    assert.equal(await desk.page.getByRole('link', { name: 'New book' }).count(), 0);
    await desk.press('Back to administrator');
    await desk.page.waitForURL(/\/admin/);
    await desk.openList('book');
    assert.equal(await desk.page.getByRole('link', { name: 'New book' }).count(), 1);
});

flow('account: a token is shown once, and ends when it is revoked', {}, async (desk) => {
    const name = unique('a script');
    await desk.open('/admin/_account');
    await desk.main.getByText('New token', { exact: true }).click();
    await desk.main.getByLabel('What it is for').fill(name);
    await desk.press('Make the token');
    await desk.main.locator('#token').waitFor();
    const token = (await desk.main.locator('#token').innerText()).trim();
    const ask = () => fetch(`${desk.server.address}/api/v1/book?limit=1`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await ask()).status, 200);
    await desk.open('/admin/_account');
    assert.ok(!(await desk.page.content()).includes(token), 'it is shown again');
    await desk.main.getByRole('button', { name: `Revoke ${name}` }).click();
    await desk.main.getByRole('button', { name: `Revoke ${name}` }).waitFor({ state: 'detached' });
    assert.equal((await ask()).status, 401);
});

flow('account: colours, language and density are kept', {}, async (desk) => {
    await desk.open('/admin/_account');
    await desk.main.getByLabel('Theme').selectOption({ label: 'Dark' });
    await desk.main.getByLabel('Language').selectOption({ label: 'Deutsch' });
    await desk.main.getByRole('button', { name: 'Apply' }).click();
    await desk.page.waitForURL(/_account\?/);
    await desk.openHome();
    const html = desk.page.locator('html');
    assert.equal(await html.getAttribute('data-theme'), 'dark');
    assert.equal(await html.getAttribute('lang'), 'de');
    assert.equal(await desk.heading(), 'Übersicht');
});
