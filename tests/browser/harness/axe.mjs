// What axe finds wrong with a page, for people who cannot see it or cannot use a mouse.

import { axe } from './tools.mjs';

// Rules whose outcome depends on the colours: what is worth asking again in the other theme.
const COLOURS = ['color-contrast', 'link-in-text-block'];

async function run(page, options) {
    await page.evaluate(axe);
    const found = await page.evaluate(async (chosen) => {
        const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'], ...chosen });
        return violations.map(({ id, help, nodes }) => ({
            id,
            help,
            places: nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`),
        }));
    }, options);
    return found.map(({ id, help, places }) => `axe ${id}: ${help}\n      ${places.join('\n      ')}`);
}

/** Every violation, in the light theme and in the dark one; leaves the page as it was. */
export async function violations(page) {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    // Of WCAG 2.2, and not among what axe asks by itself.
    const light = await run(page, { rules: { 'target-size': { enabled: true } } });
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await run(page, { runOnly: COLOURS });
    await page.emulateMedia({ colorScheme: null, reducedMotion: null });
    return [...light, ...dark.map((text) => `dark: ${text}`)];
}

/** How far the page reaches out of a window of this width, and what does. */
export async function overflow(page, width) {
    const before = page.viewportSize();
    await page.setViewportSize({ width, height: 740 });
    const found = await page.evaluate(() => {
        const root = document.documentElement;
        const room = root.clientWidth;
        if (root.scrollWidth <= room) return [];
        // What a box of its own scrolls or clips does not widen the page.
        const held = (element) => {
            for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
                if (getComputedStyle(box).overflowX !== 'visible') return true;
            }
            return false;
        };
        const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > room + 1 && !held(e));
        const names = wide.map((e) => `${e.tagName.toLowerCase()}${e.id && `#${e.id}`}.${[...e.classList].join('.')}`);
        return [`${root.scrollWidth} px wide in a window of ${room}: ${names.slice(0, 4).join(', ')}`];
    });
    await page.setViewportSize(before);
    return found;
}
