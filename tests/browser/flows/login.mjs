// Logging in and out.

import { strict as assert } from 'node:assert';

import { flow, look } from '../harness/suite.mjs';

const nobody = { who: '' };

flow('login: the right password leads to the home page', nobody, async (desk) => {
    await desk.openHome();
    assert.match(desk.here, /^\/auth\/login\?next=\/admin$/);
    await desk.fill({ 'User name': 'administrator', Password: desk.server.passwords.administrator });
    await desk.press('Log in');
    assert.equal(desk.here, '/admin');
    assert.equal(await desk.heading(), 'Home');
});

flow('login: a wrong password is refused on the same card, and the name is kept', nobody, async (desk) => {
    desk.watch.expect(401);
    await desk.open('/auth/login');
    await desk.fill({ 'User name': 'administrator', Password: 'not this one' });
    await desk.press('Log in');
    const unknown = await desk.alert();
    assert.notEqual(unknown, '');
    assert.equal(await desk.field('User name').inputValue(), 'administrator');
    assert.equal(await desk.field('Password').inputValue(), '');
    // Nothing tells whether there is such a user.
    await desk.fill({ 'User name': 'nobody at all', Password: 'not this one' });
    await desk.press('Log in');
    assert.equal(await desk.alert(), unknown);
});

flow('login: one comes back to where one was going', nobody, async (desk) => {
    await desk.openList('book', 'q=sea&sort=-price');
    await desk.fill({ 'User name': 'editor', Password: desk.server.passwords.editor });
    await desk.press('Log in');
    assert.equal(desk.here, '/admin/book?q=sea&sort=-price');
});

const elsewhere = [
    '//evil.example/x',
    '/\\evil.example/x',
    'https:evil.example/x',
    'https://evil.example/x',
    '/%0d%0a//evil.example/x',
    '/\t//evil.example/x',
    'javascript:alert(1)',
];

look('a14_login: no address leads to another host', nobody, async (desk) => {
    for (const next of elsewhere) {
        await desk.page.context().clearCookies();
        await desk.open(`/auth/login?next=${encodeURIComponent(next)}`);
        await desk.fill({ 'User name': 'viewer', Password: desk.server.passwords.viewer });
        desk.watch.expect(404);
        await desk.press('Log in');
        await desk.page.waitForURL((url) => url.pathname !== '/auth/login');
        assert.ok(desk.page.url().startsWith(`${desk.server.address}/`), `${next} led to ${desk.page.url()}`);
    }
});

flow('login: logging out ends it', nobody, async (desk) => {
    await desk.open('/auth/login');
    await desk.fill({ 'User name': 'viewer', Password: desk.server.passwords.viewer });
    await desk.press('Log in');
    await desk.page.waitForURL('**/admin');
    await desk.logOut();
    assert.match(desk.here, /^\/auth\/login/);
    await desk.openHome();
    assert.match(desk.here, /^\/auth\/login/);
});
