// What is asked of every page.

import { strict as assert } from 'node:assert';

import { overflow, violations } from '../harness/axe.mjs';

export function nothing(complaints) {
    assert.equal(complaints.length, 0, `${complaints.length} complaints:\n  ${complaints.join('\n  ')}`);
}

// What axe says of a kind of page, it says of the same kind for most other models, too.
const MODELS_FOR_AXE = 3;

/** What is wrong with a page that was come to; axe is asked about the first `most` of a kind. */
export async function inspect({ page }, { nth }, most = MODELS_FOR_AXE) {
    const headings = await page.getByRole('heading', { level: 1 }).count();
    return [
        ...(headings === 1 ? [] : [`${headings} headings of the first level`]),
        ...(nth <= most ? await violations(page) : []),
        ...(await overflow(page, 360)),
        ...(await overflow(page, 768)),
    ];
}
