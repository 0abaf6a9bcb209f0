// That the crawl would notice: the home page with something wrong put into it, and what is said then.

import { strict as assert } from 'node:assert';

import { overflow, violations } from '../harness/axe.mjs';
import { look } from '../harness/suite.mjs';

/** Opens the home page with `html` at the beginning of its content. */
async function openWith(desk, html) {
    await desk.page.route('**/admin', async (route) => {
        const answer = await route.fetch();
        const body = (await answer.text()).replace(/<main[^>]*>/, (tag) => tag + html);
        await route.fulfill({ response: answer, body });
    });
    await desk.openHome();
    await desk.page.waitForLoadState('networkidle');
}

const wrong = {
    policy: '<p style="color: red">inline style</p>',
    'policy: script-src': '<script>document.title = "inline"</script>',
    'another host': '<img alt="" src="http://127.0.0.2:9/other">',
    404: '<img alt="" src="/admin/no/such/picture.png">',
    'axe color-contrast': '<p><font color="#cccccc">hardly to be read</font></p>',
    'axe image-alt': '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    'dark: axe color-contrast': '<p><font color="#333333">hardly to be read at night</font></p>',
    'px wide': '<pre>not to be broken at any place, as wide as it is, wherever that may end, and on</pre>',
};

for (const [name, html] of Object.entries(wrong)) {
    look(`notices: ${name}`, {}, async (desk) => {
        await openWith(desk, html);
        const said = [...(await violations(desk.page)), ...(await overflow(desk.page, 360)), ...desk.watch.faults.splice(0)];
        assert.ok(said.some((text) => text.startsWith(name) || text.includes(name)), `not noticed; there was: ${said.join('\n')}`);
    });
}

look('notices: what a script says and throws', {}, async (desk) => {
    await desk.openHome();
    await desk.page.evaluate(() => {
        console.error('a cry');
        setTimeout(() => { throw new Error('a fall'); });
        setTimeout(() => alert('a box'));
    });
    for (let waited = 0; desk.watch.faults.length < 3 && waited < 100; waited += 1) await desk.page.waitForTimeout(100);
    const said = desk.watch.faults.splice(0).join('\n');
    for (const word of ['console: a cry', 'thrown: a fall', 'dialog: a box']) assert.ok(said.includes(word), `${word} is not in: ${said}`);
});
