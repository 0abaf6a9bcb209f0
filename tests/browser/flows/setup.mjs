// The first start on an empty database: the link that the server prints makes the first user, once.

import { strict as assert } from 'node:assert';

import { emptyServer } from '../harness/server.mjs';
import { flow } from '../harness/suite.mjs';

flow('setup: the link makes the first user, once', { who: '', begin: emptyServer }, async (desk) => {
    const link = desk.server.setupLink;
    assert.match(link, /^\/auth\/setup\?token=/);
    await desk.open(link);

    desk.watch.expect(422);
    await desk.fill({ 'User name': 'captain', Password: 'short' });
    await desk.press('Make the user and log in');
    assert.match(await desk.alert(), /8 characters/);
    assert.equal(await desk.field('User name').inputValue(), 'captain');

    await desk.fill({ Password: 'a long way to the sea' });
    await desk.press('Make the user and log in');
    await desk.page.waitForURL('**/admin');
    assert.equal(await desk.heading(), 'Home');

    desk.watch.expect(404);
    assert.equal(await desk.open(link), 404);
});
